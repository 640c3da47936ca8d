package main

import "testing"

func TestCutOverride(t *testing.T) {
	for text, want := range map[string][2]string{
		"features.dnd_mode=1":                   {"features.dnd_mode", "1"},
		"sipLines/line[button=1]/proxy=a.b=c":   {"sipLines/line[button=1]/proxy", "a.b=c"},
		"line[button=1][lineIndex=2]/name=Desk": {"line[button=1][lineIndex=2]/name", "Desk"},
		"dst [start|end] relative date=1":       {"dst [start|end] relative date", "1"},
		"a]=[b=c":                               {"a]", "[b=c"},
		"language=":                             {"language", ""},
		"language":                              {},
		"line[button=1]":                        {},
	} {
		name, value, ok := cutOverride(text)
		if name != want[0] || value != want[1] || ok != (want[0] != "") {
			t.Errorf("%s: got %q and %q (%v), want %q", text, name, value, ok, want)
		}
	}
}
