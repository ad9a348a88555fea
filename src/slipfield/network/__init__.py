"""The published CNN-LSTM network."""
