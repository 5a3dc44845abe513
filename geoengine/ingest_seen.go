package geoengine

// seenSet remembers the identity of every record of an ingest with its fingerprint, both as 64-bit hashes, in 16 bytes
// at most 3/4 full. Two identities share a hash once in 400,000 ingests of ten million records; the later one is
// then reported as Contradicted, not lost.
type seenSet struct {
	slots []struct{ key, value uint64 }
	count int
}

// first puts the value unless the key is there; it returns the value that is there, and whether it was before.
func (s *seenSet) first(key, value uint64) (there uint64, before bool) {
	if key == 0 {
		key = 1 // 0 marks an empty slot
	}
	if s.count >= len(s.slots)/4*3 {
		s.grow()
	}
	slot := s.find(key)
	if s.slots[slot].key == key {
		return s.slots[slot].value, true
	}
	s.slots[slot].key, s.slots[slot].value = key, value
	s.count++
	return value, false
}

func (s *seenSet) find(key uint64) uint64 {
	mask := uint64(len(s.slots) - 1)
	i := key & mask
	for s.slots[i].key != 0 && s.slots[i].key != key {
		i = (i + 1) & mask
	}
	return i
}

func (s *seenSet) grow() {
	old := s.slots
	s.slots = make([]struct{ key, value uint64 }, max(1024, 2*len(old)))
	for _, o := range old {
		if o.key != 0 {
			s.slots[s.find(o.key)] = o
		}
	}
}
