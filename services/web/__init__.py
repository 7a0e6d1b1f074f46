"""Between a browser and the dashboard's screens: who may request what, and what a browser may do with the answers."""
