package pages

import (
	"strings"

	"github.com/lineside/lineside/admin"
)

// overview is the box at a glance.
type overview struct {
	Status     admin.Status
	Policy     admin.Policy
	States     ring
	Conditions []condition
	DHCP       dhcpView
}

// dhcpView is what the box has to do with the LAN's addresses.
type dhcpView struct {
	Mode  string
	Pools []string
	Used  int
}

// shownStates are the states of the chart, in the order a phone passes them.
func shownStates() []string { return []string{"successful", "needed", "failed", "blocked"} }

func getOverview(v *visit) error {
	st, err := v.api.Status(v.ctx())
	if err != nil {
		return err
	}
	policy, err := v.api.Policy(v.ctx())
	if err != nil {
		return err
	}
	leases, err := v.api.Leases(v.ctx())
	if err != nil {
		return err
	}
	return v.show("overview", &overview{
		Status: st, Policy: policy, States: v.states(st.Devices), Conditions: v.conditions(st.Conditions), DHCP: dhcpOf(st, leases),
	})
}

// states is the chart of where phones stand.
func (v *visit) states(counts map[string]int) ring {
	var slices []slice
	for _, state := range shownStates() {
		slices = append(slices, slice{Key: state, Word: v.word("state", state), Href: "/devices?state=" + state, Count: counts[state]})
	}
	return newRing(v.count("overview.phones", counts["total"]), slices)
}

func dhcpOf(st admin.Status, leases []admin.Lease) dhcpView {
	var d dhcpView
	for _, s := range st.Settings {
		switch s.Key {
		case "dhcp.mode":
			d.Mode = s.Value
		case "dhcp.pool":
			d.Pools = strings.FieldsFunc(s.Value, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	for _, l := range leases {
		if l.Live {
			d.Used++
		}
	}
	return d
}
