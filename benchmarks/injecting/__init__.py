"""Commands of retainkit run again and again, with one file operation of each gone wrong."""
