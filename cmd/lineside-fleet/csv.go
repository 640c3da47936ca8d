package main

import (
	"encoding/csv"
	"fmt"
	"io"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/vendors"
)

// writeCSV prints the plan's phones with one made-up account each, for the
// box's own import. The accounts are of no platform: example.net is nobody's
// (RFC 2606).
func writeCSV(w io.Writer, plan fleet.Plan, table vendors.Table) error {
	configs, err := plan.Configs(table)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	rows := [][]string{{"mac", "vendor", "type", "label", "registrar", "user", "password"}}
	for i, c := range configs {
		user := fmt.Sprintf("fleet%05d", i+1)
		rows = append(rows, []string{
			c.MAC.String(), string(c.Vendor), c.Model, "Simulated " + user, "sip.example.net", user, "simulated-" + c.MAC.Hex(),
		})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}
