package vendors

import (
	"strconv"

	"github.com/lineside/lineside/phone"
)

// pattonNames are the commands of one account, one trunk and one FXS port, which
// have its number in them. They are made once for all devices: with their modes
// written out they are the greater part of a script.
type pattonNames struct {
	incoming string // calls to the account's user
	trunk    pattonTrunk

	emergency, emergencyHeld, rest          string // routes of what is dialled at the port
	routes, callerID, messageWaiting, shown string // of the port's interface

	login, domain, authenticate     string
	proxies, transports             [2]string // of calls and of the registration
	registrar, lifetime, registered string
	bound                           string // to the gateway

	encapsulation, bind, up string // of the port itself
}

// pattonTrunk are the commands of one SIP interface.
type pattonTrunk struct{ gateway, incoming, remote string }

func (d pattonDialect) trunkNames(name string) pattonTrunk {
	sip := "context cs " + d.cs + "/interface sip IF_" + name + "/"
	return pattonTrunk{sip + "bind context sip-gateway GW", sip + "route call dest-table RT_IN", sip + "remote {} {}"}
}

// named is d with the names of as many ports as a device can have lines.
func (d pattonDialect) named() pattonDialect {
	for i := range phone.MaxLines {
		d.names = append(d.names, d.namesOf(strconv.Itoa(i)))
	}
	return d
}

func (d pattonDialect) namesOf(n string) pattonNames {
	cs, id, port := "context cs "+d.cs+"/", "location-service LOC"+n+"/identity {}/", "port fxs 0 "+n+"/"
	table, fxs := cs+"routing-table called-e164 RT_FXS"+n+"/route ", cs+"interface fxs IF_FXS"+n+"/"
	domain, rest := "domain {}", ".T"
	if d.trinity {
		domain, rest = "domain 1 {} {}", ".%T"
	}
	at := pattonNames{
		incoming: cs + "routing-table called-uri RT_IN/route {} dest-interface IF_FXS" + n,
		trunk:    d.trunkNames("SIP" + n),

		emergency:      table + "{} dest-interface IF_SIP" + n,
		emergencyHeld:  table + "{} dest-service " + pattonSOS,
		rest:           table + rest + " dest-interface IF_SIP" + n,
		routes:         fxs + "route call dest-table RT_FXS" + n,
		callerID:       fxs + "caller-id-presentation mid-ring",
		messageWaiting: fxs + "message-waiting-indication stutter-dial-tone",
		shown:          fxs + "subscriber-number {}",

		login:        "authentication-service AUTH" + n + "/username {} password {}",
		domain:       "location-service LOC" + n + "/" + domain,
		authenticate: id + "authentication outbound/authenticate " + d.nth + "authentication-service AUTH" + n + " username {}",
		registrar:    id + "registration outbound/registrar {} {}",
		lifetime:     id + "registration outbound/lifetime 300",
		registered:   id + "registration outbound/register auto",
		bound:        "context sip-gateway GW/bind location-service LOC" + n,

		encapsulation: port + "encapsulation cc-fxs",
		bind:          port + "bind interface IF_FXS" + n + " " + d.cs,
		up:            port + "no shutdown",
	}
	for i, way := range [...]string{"call outbound/", "registration outbound/"} {
		at.proxies[i] = id + way + "proxy " + d.nth + "{} {}"
		at.transports[i] = id + way + "preferred-transport-protocol {}"
	}
	return at
}
