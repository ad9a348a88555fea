"""The published CNN-LSTM: network, training, attribution, export, sweeps of its settings."""
