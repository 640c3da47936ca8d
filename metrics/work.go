package metrics

import "fmt"

// Work is how much a front has done since the start: what it answered, and what it
// looked at and threw away. It only grows, and stands still where a front hangs.
func (s *Set) Work(front string) (done float64, err error) {
	families, err := s.registry.Gather()
	if err != nil {
		return 0, fmt.Errorf("read the metrics: %w", err)
	}
	for _, f := range families {
		name := f.GetName()
		if name != NameAnswers && name != NameDropped && (name != NameDHCP || front != "dhcp") {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if name == NameDHCP || l.GetName() == "front" && l.GetValue() == front {
					done += m.GetCounter().GetValue()
					break
				}
			}
		}
	}
	return done, nil
}
