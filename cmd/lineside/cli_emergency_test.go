package main

import "testing"

func TestEmergencyVerbs(t *testing.T) {
	o := newOperator(t)
	o.does("", 0, "none; every emergency call", "emergency", "list")
	o.does("", 0, `^\[\]\n$`, "emergency", "list", "--json")
	o.does("", 1, "no emergency call waits.*lineside emergency list", "emergency", "acknowledge")
	o.does("", 2, `"all" is no number of a call`, "emergency", "acknowledge", "all")
}
