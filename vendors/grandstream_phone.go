package vendors

import (
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
)

func grandstreamPhone(ps *params, in Input) error {
	if err := grandstreamSite(ps, in); err != nil || in.File.Kind == Common {
		return err
	}
	grandstreamLogin(ps, in, "3")
	if err := grandstreamTime(ps, in); err != nil {
		return err
	}
	language := "en"
	if german(in.Site) {
		language = "de"
	}
	ps.set("P1362", language)
	// A lifted handset would dial P71 at once, and 112 could not be dialled.
	ps.set("P71", "")
	grandstreamAccounts(ps, in)
	if in.Stage == Full {
		return grandstreamBook(ps, in)
	}
	return nil
}

// grandstreamBook names the book's folder; the phone puts the file's name behind
// it.
func grandstreamBook(ps *params, in Input) error {
	if in.Book.URL == "" {
		return nil
	}
	mode, path, err := grandstreamPath(in.Book.URL)
	if err != nil {
		return err
	}
	ps.set("P330", mode)
	ps.set("P331", path)
	ps.set("P332", "720") // minutes
	ps.set("P6713", in.Book.Login.User)
	ps.set("P6714", in.Book.Login.Password.Reveal())
	return nil
}

// grandstreamShort are the phones whose accounts 5 and 6 are at 701 and 801;
// on all others they are at 1701 and 1801.
func grandstreamShort(model string) bool {
	return strings.HasPrefix(strings.ToUpper(model), "GRP260")
}

// grandstreamAccounts writes the accounts and switches off the others: as many
// as there can be, in both of the places where accounts 5 and 6 may be.
func grandstreamAccounts(ps *params, in Input) {
	short := in.Stage == Full && grandstreamShort(in.Device.Model)
	lines := labelledLines(in)
	for n := 1; n <= phone.MaxLines; n++ {
		a := grandstreamAccountOf(n, short)
		if n > len(lines) {
			ps.set(a.active, "0")
			ps.set(a.password, "")
			continue
		}
		a.write(ps, in, lines[n-1])
	}
	for n := 5; n <= 6; n++ {
		other := grandstreamAccountOf(n, !short)
		ps.set(other.active, "0")
		ps.set(other.password, "")
	}
}

// grandstreamAccount is where an account of a phone has its parameters.
type grandstreamAccount struct {
	active, name, server, proxy, user, auth, password, display string
	transport, srtp, payload, plan                             string
	codecs                                                     [len(grandstreamCodecs)]string
	dtmf                                                       [3]string // in audio, RFC 4733, INFO
}

// grandstreamAccountOf: account 1 has the numbers of the first phones, which had
// one; the others count within blocks of a hundred, and DTMF is in a second
// block. Of account 7 and up only the first seven and the name are known.
func grandstreamAccountOf(n int, short bool) grandstreamAccount {
	if n == 1 {
		return grandstreamAccount{
			active: "P271", name: "P270", server: "P47", proxy: "P48", user: "P35", auth: "P36", password: "P34", display: "P3",
			transport: "P130", srtp: "P183", payload: "P79", plan: "P290",
			codecs: [...]string{"P57", "P58", "P59"}, dtmf: [...]string{"P2301", "P2302", "P2303"},
		}
	}
	block := n + 2 // 4, 5, 6
	switch {
	case n >= 7:
		block = 499 + n // 506 and up
	case n >= 5 && !short:
		block = n + 12 // 17, 18
	}
	p := "P" + strconv.Itoa(block)
	a := grandstreamAccount{
		active: p + "01", server: p + "02", proxy: p + "03", user: p + "04", auth: p + "05", password: p + "06", display: p + "07", name: p + "17",
		transport: p + "48", srtp: p + "43", payload: p + "96", plan: p + "59",
		codecs: [...]string{p + "51", p + "52", p + "53"},
	}
	if n <= 6 {
		second := "P2" + strconv.Itoa(n+2)
		a.dtmf = [...]string{second + "01", second + "02", second + "03"}
	}
	return a
}

func (a grandstreamAccount) write(ps *params, in Input, l phone.Line) {
	ps.set(a.active, "1")
	ps.set(a.name, l.Shown())
	ps.set(a.server, grandstreamServer(l))
	ps.set(a.proxy, grandstreamProxy(l))
	ps.set(a.user, l.User)
	ps.set(a.auth, l.Auth())
	ps.set(a.password, l.Password.Reveal())
	ps.set(a.display, displayName(l))
	ps.set(a.transport, grandstreamTransport(l.Transport))
	ps.set(a.srtp, zeroOne(l.Transport == phone.TLS)) // offered, not demanded
	for i, codec := range grandstreamCodecs {
		ps.set(a.codecs[i], codec)
	}
	ps.set(a.payload, "101")
	if a.dtmf[0] != "" {
		ps.set(a.dtmf[0], "0")
		ps.set(a.dtmf[1], "1")
		ps.set(a.dtmf[2], "0")
	}
	ps.set(a.plan, grandstreamDialPlan(in))
}
