package vendors_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// fits is how many lines the phone of in takes, 0 where nobody knows.
func fits(in vendors.Input) int {
	m, _ := vendors.All().Of(in.Device.Vendor)
	return m.Fits(in.Device.Model)
}

// manyLines gives a device n lines, each with a user of its own.
func manyLines(in *vendors.Input, n int) {
	in.Device.Lines = nil
	for i := range n {
		in.Device.Lines = append(in.Device.Lines, phone.Line{
			Registrar: "sip.example.net", User: userOf(i + 1), Password: phone.NewSecret("fake-password"),
		})
	}
}

func userOf(line int) string { return "user" + strconv.Itoa(1000+line) }

// TestNoMoreLinesThanFit: every model is given as many lines as it takes, all of
// them, and none of those beyond, whatever else they would set.
func TestNoMoreLinesThanFit(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		for _, model := range append(m.Models.List(), vendors.Model{Name: "unheard of"}) {
			in := input(t, m.Vendor, vendors.Full)
			in.Device.Model = model.Name
			n := fits(in)
			if n == 0 || n > phone.MaxLines {
				n = phone.MaxLines
			}
			manyLines(&in, phone.MaxLines)
			got := render(t, in)
			if len(in.Device.Lines) != phone.MaxLines {
				t.Fatal("the device itself lost lines")
			}
			for line := 1; line <= phone.MaxLines; line++ {
				if written := bytes.Contains(got, []byte(userOf(line))); written != (line <= n) {
					t.Errorf("%s: line %d of %d is in the config: %v, and %d fit", model.Name, line, phone.MaxLines, written, n)
				}
			}
			in.Device.Lines = in.Device.Lines[:n]
			if d := cmp.Diff(string(render(t, in)), string(got)); d != "" {
				t.Errorf("%s: lines beyond the last that fits change the config (-without +with)\n%s", model.Name, d)
			}
		}
	})
}

// TestLinesThatDoNotFitCanBeAskedFor: an operator's template may still put the
// account of one somewhere.
func TestLinesThatDoNotFitCanBeAskedFor(t *testing.T) {
	in := input(t, "yealink", vendors.Full)
	in.Device.Model = "T19P_E2"
	manyLines(&in, 2)
	in.Layers = layers(t, "yealink.conf", "programablekey.2.value = {line.2.user}\n")
	if got := string(render(t, in)); strings.Count(got, userOf(2)) != 1 || !strings.Contains(got, "programablekey.2.value = "+userOf(2)+"\n") {
		t.Errorf("got a config without the user the template asks for, or with its account:\n%s", got)
	}
}
