package cube

// Hurry makes merges and overtaking happen with few events, so that tests meet them.
func (c *Cube) Hurry(inline, full, large int) {
	c.inlineMerge, c.fullMerge, c.largeDelta = inline, full, large
}

// Parts returns the number of events in each positive and each negative segment.
func (c *Cube) Parts() (positive, negative []int) {
	for _, p := range c.current.Load().parts {
		if p.sign > 0 {
			positive = append(positive, p.n)
		} else {
			negative = append(negative, p.n)
		}
	}
	return positive, negative
}
