package vendors

import (
	"strconv"

	"github.com/lineside/lineside/phone"
)

// yealinkLines writes the accounts and switches the others off.
func yealinkLines(ps *params, in Input) {
	lines := labelledLines(in)
	for i, l := range lines {
		yealinkLine(ps, i+1, l)
	}
	for n := len(lines) + 1; n <= unusedUpTo(in, yealinkModels); n++ {
		account := "account." + strconv.Itoa(n)
		ps.set(account+".enable", "0")
		// Without this the phone keeps the password of a line it lost.
		ps.set(account+".password", "")
	}
}

func yealinkLine(ps *params, n int, l phone.Line) {
	a := "account." + strconv.Itoa(n) + "."
	transport := map[phone.Transport]string{phone.TCP: "1", phone.TLS: "2"}[l.Transport]
	if transport == "" {
		transport = "0"
	}
	port := strconv.Itoa(portOf(l.Port, l.Transport))
	ps.set(a+"enable", "1")
	ps.set(a+"label", l.Shown())
	ps.set(a+"display_name", displayName(l))
	ps.set(a+"user_name", l.User)
	ps.set(a+"auth_name", l.Auth())
	ps.set(a+"password", l.Password.Reveal())
	ps.set(a+"sip_server.1.address", l.Registrar)
	ps.set(a+"sip_server.1.port", port)
	ps.set(a+"sip_server.1.transport_type", transport)
	// The three above as firmware before V80 spells them.
	ps.set(a+"sip_server_host", l.Registrar)
	ps.set(a+"sip_server_port", port)
	ps.set(a+"transport", transport)
	yealinkProxy(ps, a, l)
	// Offered, not demanded, where the signalling is secret too.
	srtp := "0"
	if l.Transport == phone.TLS {
		srtp = "2"
	}
	ps.set(a+"srtp_encryption", srtp)
	// An override may have set this; it dials the moment the handset is lifted.
	ps.set(a+"auto_dial_enable", "0")
	ps.set(a+"dtmf.type", "1") // RFC 4733
	ps.set(a+"dtmf.dtmf_payload", "101")
	for i, codec := range []string{"g722", "pcma", "pcmu"} {
		ps.set(a+"codec."+codec+".enable", "1")
		ps.set(a+"codec."+codec+".priority", strconv.Itoa(i+1))
	}
}

func yealinkProxy(ps *params, a string, l phone.Line) {
	host, port := l.Proxy()
	text := ""
	if host != "" {
		text = strconv.Itoa(portOf(port, l.Transport))
	}
	ps.set(a+"outbound_proxy_enable", zeroOne(host != ""))
	ps.set(a+"outbound_proxy.1.address", host)
	ps.set(a+"outbound_proxy.1.port", text)
	ps.set(a+"outbound_host", host)
	ps.set(a+"outbound_port", text)
}
