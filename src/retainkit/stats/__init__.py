"""Statistics: numbers in, numbers out; nothing here knows what an event is."""
