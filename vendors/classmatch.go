package vendors

import (
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// ClassMatch says which option 60 is meant: the text begins with Prefix and has
// Has behind it, each where not empty. Letters count as they are written.
type ClassMatch struct{ Prefix, Has string }

// Matches reports that class, trailing NULs stripped, is meant.
func (m ClassMatch) Matches(class string) bool {
	rest, ok := strings.CutPrefix(class, m.Prefix)
	return ok && strings.Contains(rest, m.Has)
}

// narrower reports that m means only texts that wide means too, and not all of
// them.
func (m ClassMatch) narrower(wide ClassMatch) bool {
	return m != wide && strings.HasPrefix(m.Prefix, wide.Prefix) && (wide.Has == "" || wide.Has == m.Has)
}

// ClassRule is how a server that is told what to look for finds one vendor's
// phones: option 60 is one of Is and none of Not, or it is no phone's and the
// hardware address begins with one of OUIs.
type ClassRule struct {
	Maker   Maker
	Is, Not []ClassMatch
	OUIs    [][3]byte
}

// Means reports that a text of option 60, trailing NULs stripped, is the rule's.
func (r ClassRule) Means(class string) bool {
	is := func(m ClassMatch) bool { return m.Matches(class) }
	return slices.ContainsFunc(r.Is, is) && !slices.ContainsFunc(r.Not, is)
}

// ClassRules gives a rule for each vendor that is led by DHCP, in order. Where
// two vendors' texts begin alike, what is the narrower one's is not the wider
// one's; of vendors with a block of addresses in common the first has it, as in
// ByOUI.
func (t Table) ClassRules() []ClassRule {
	var rules []ClassRule
	for _, m := range t.makers {
		if m.Options == nil {
			continue
		}
		r := ClassRule{Maker: m, Is: m.Classes}
		for _, oui := range m.OUIs {
			if v, ok := t.ByOUI(phone.MAC{oui[0], oui[1], oui[2]}); ok && v == m.Vendor {
				r.OUIs = append(r.OUIs, oui)
			}
		}
		for _, other := range t.makers {
			if other.Vendor != m.Vendor && other.Options != nil {
				r.Not = append(r.Not, narrowed(other.Classes, m.Classes)...)
			}
		}
		rules = append(rules, r)
	}
	return rules
}

func narrowed(list, wide []ClassMatch) []ClassMatch {
	return slices.DeleteFunc(slices.Clone(list), func(m ClassMatch) bool {
		return !slices.ContainsFunc(wide, m.narrower)
	})
}

// classPrefixes is one ClassMatch for each beginning.
func classPrefixes(texts ...string) []ClassMatch {
	list := make([]ClassMatch, len(texts))
	for i, t := range texts {
		list[i].Prefix = t
	}
	return list
}

// classModels is for vendors whose text begins with a word and a model's name.
func classModels(word string, models Models) []ClassMatch {
	list := make([]ClassMatch, len(models.list))
	for i, m := range models.list {
		list[i].Prefix = word + m.Name
	}
	return list
}
