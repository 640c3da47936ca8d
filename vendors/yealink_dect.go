package vendors

import (
	"strconv"

	"github.com/lineside/lineside/phone"
)

// yealinkHandsets ties line n of a DECT base to handset n, in both directions:
// as shipped every handset rings for every line. It is in full configs only,
// since at Holding the model is not looked at; there handset 1 has the box's
// account whatever was written here, and the other accounts are off.
func yealinkHandsets(ps *params, in Input) {
	m, ok := yealinkModels.Of(in.Device.Model)
	if !ok || m.Form != DECT {
		return
	}
	lines := linesOf(in)
	for n := 1; n <= min(m.Lines, phone.MaxLines); n++ {
		number, handset := strconv.Itoa(n), "handset."+strconv.Itoa(n)+"."
		if n <= len(lines) {
			ps.set(handset+"name", lines[n-1].Shown())
		}
		ps.set(handset+"incoming_lines", number)
		ps.set(handset+"dial_out_lines", number)
		ps.set(handset+"dial_out_default_line", number)
	}
	// Handsets have a language of their own: 0 English, 2 German.
	language := "0"
	if german(in.Site) {
		language = "2"
	}
	ps.set("custom.handset.language", language)
}
