package vendors

import (
	"bytes"
	"slices"
)

// foreign are texts of option 60 by which a machine says that it is no phone:
// Windows; network boot of PCs (PXE 2.1 section 2.2.1, UEFI's HTTP boot) and of
// Macs; access points that look for their controller, by their makers' guides;
// dhcpcd where it adds what computer it runs on.
//
// What is left out is left out on purpose: udhcp, because phones are made of
// BusyBox, and android-dhcp and a bare dhcpcd, because desk phones are made of
// Android and send what that does where their maker changed nothing.
func foreign() []ClassMatch {
	list := classPrefixes("MSFT", "PXEClient", "HTTPClient", "AAPLBSDPC", "ArubaAP", "ArubaInstantAP", "Cisco AP ", "ubnt")
	return append(list, ClassMatch{Prefix: "dhcpcd-", Has: ":"})
}

// ForeignClasses are the texts of option 60 by which a machine says that it is no
// phone, whoever made its network card.
func (t Table) ForeignClasses() []ClassMatch { return slices.Clone(t.foreign) }

// Foreign reports that option 60, with or without trailing NULs, is that of a
// machine that is no phone, whoever made its network card.
func (t Table) Foreign(class []byte) bool {
	text := string(bytes.TrimRight(class, "\x00"))
	return slices.ContainsFunc(t.foreign, func(m ClassMatch) bool { return m.Matches(text) })
}
