select 1; -- being written
