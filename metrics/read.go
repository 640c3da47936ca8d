package metrics

// Each gives every counter of a name, with its labels. It is for the box itself
// where it has to say what it has done.
func (s *Set) Each(name string, f func(labels map[string]string, n int)) error {
	families, err := s.registry.Gather()
	if err != nil {
		return err
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			labels := make(map[string]string, len(m.GetLabel()))
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			f(labels, int(m.GetCounter().GetValue()))
		}
	}
	return nil
}
