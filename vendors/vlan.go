package vendors

import "strconv"

// optVLAN is option 132: the VLAN a phone moves to, by use and no RFC.
const optVLAN = 132

// Leads are the DHCP options that lead this vendor's phones to box and, where
// box names a VLAN and the vendor's phones can be told of one, into it.
func (m Maker) Leads(box Box) []Option {
	if m.Options == nil {
		return nil
	}
	list := m.Options(box)
	if box.VLAN != 0 && m.VLAN != nil {
		list = append(list, m.VLAN(box.VLAN)...)
	}
	return list
}

// vlanText is 132 as decimal digits, as most SIP phones read it.
func vlanText(id int) []Option { return textOption(nil, optVLAN, strconv.Itoa(id)) }

// vlanTextNUL is the same ended by a NUL (snom).
func vlanTextNUL(id int) []Option { return textOption(nil, optVLAN, strconv.Itoa(id)+"\x00") }

// vlanPoly is 128 as "VLAN-A=20;", which Poly looks for there first; the
// semicolon must be there and no blank may.
func vlanPoly(id int) []Option { return textOption(nil, 128, "VLAN-A="+strconv.Itoa(id)+";") }
