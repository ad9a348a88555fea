"""From one machine to many: measured unit costs, estimates of whole studies, the doctor."""
