"""What goes on in the background: loops, timers, long work, the sequencer, the reading of feeds."""
