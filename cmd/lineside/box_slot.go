package main

import (
	"os"
	"strings"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/shell"
)

// codeTurnedBack is the condition of an appliance that came back from a root slot.
const codeTurnedBack = "slot-turned-back"

// turnedBackNote is where the appliance's image (lineside-trial.service) leaves the
// version it came back from, before the box starts. Only root can write there.
const turnedBackNote = "/run/lineside-turned-back"

// tellTurnedBack says so where this machine was started from the slot before an
// update, which did not come up. Elsewhere than on the appliance there is no note.
func (b *box) tellTurnedBack(note string) {
	text, err := os.ReadFile(note)
	if err != nil {
		return
	}
	version := shell.Printable(strings.TrimSpace(string(text)))
	c := health.Condition{
		Code: codeTurnedBack, Title: "An update did not come up; the machine went back to the version before",
		Meaning: "phones are served as before the update; they missed the minutes of its start",
		Do:      "report the version to who made it and wait for a newer one; the next update ends this",
		Detail:  "version " + version,
	}
	b.log.Warn(c.Title, "reason", c.Detail)
	b.health.Raise(time.Now(), c)
}
