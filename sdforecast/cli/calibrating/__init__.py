"""What `sdforecast calibrate` shows while it works and when it is done."""
