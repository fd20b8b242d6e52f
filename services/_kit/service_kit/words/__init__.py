"""What is said: ids and times, sums, names, refusals, sentences and their languages."""
