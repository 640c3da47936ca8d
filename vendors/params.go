package vendors

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// param is one parameter of a config. idx is the identity it belongs to in
// formats that carry it apart from the name (snom), else 0.
type param struct {
	key    string
	value  string
	more   *[scriptHoles]string // the first count are the values of a command that has several; value is unused
	from   *Origin              // nil: ours
	idx    int32
	count  int8
	number bool // written without the quotes a format puts around text
}

// name is how an override names p: the key, with ".N" where there is an index.
func (p param) name() string {
	if p.idx == 0 {
		return p.key
	}
	return p.key + "." + strconv.Itoa(int(p.idx))
}

// params are the parameters of one file in the order they are written. No two
// may have the same name.
type params []param

func (ps *params) set(key, value string) { *ps = append(*ps, param{key: key, value: value}) }

func (ps *params) setAt(key string, idx int, value string) {
	*ps = append(*ps, param{key: key, idx: int32(idx), value: value})
}

// setNumber is set for a value the format must not quote.
func (ps *params) setNumber(key, value string) {
	*ps = append(*ps, param{key: key, value: value, number: true})
}

// command sets a command of a script with all of its values, scriptHoles at most.
func (ps *params) command(key string, values ...string) {
	p := param{key: key}
	if len(values) > 0 {
		p.more = new([scriptHoles]string)
		p.count = int8(copy(p.more[:], values))
	}
	*ps = append(*ps, p)
}

// merge puts an operator's parameters in: in the place of ours where we write
// the same one, so that no file ever says two things, and last, in the order of
// names, where we do not.
func (ps *params) merge(extra map[string]string, from func(name string) *Origin) {
	if len(extra) == 0 {
		return
	}
	ours := make(map[string]bool, len(extra))
	for i := range *ps {
		p := &(*ps)[i]
		name := p.name()
		if v, ok := extra[name]; ok {
			p.value, p.more, p.from = v, nil, from(name)
			ours[name] = true
		}
	}
	for _, k := range slices.Sorted(maps.Keys(extra)) {
		if !ours[k] {
			*ps = append(*ps, param{key: k, value: extra[k], from: from(k)})
		}
	}
}

// drop takes parameters out.
func (ps *params) drop(names map[string]*Origin) {
	if len(names) == 0 {
		return
	}
	*ps = slices.DeleteFunc(*ps, func(p param) bool { return names[p.name()] != nil })
}

// checkNames refuses overrides whose names the format has no place for. Names
// of ours are the format's to check.
func checkNames(f format, extra map[string]string) error {
	for _, k := range slices.Sorted(maps.Keys(extra)) {
		if !f.holdsName(k) {
			return fmt.Errorf("override %.60q is no parameter name: use the vendor's own, as its configs spell it", k)
		}
	}
	return nil
}
