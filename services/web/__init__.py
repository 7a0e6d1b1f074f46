"""Everything between a browser and the dashboard's screens: who may ask what, and what a browser may do with the answers."""
