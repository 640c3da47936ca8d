package vendors

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
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

// nameRoom is as long as nearly every name is; a longer one costs an allocation.
const nameRoom = 128

// appendName is name for a look-up, which needs no string of its own.
func (p *param) appendName(b []byte) []byte {
	b = append(b, p.key...)
	if p.idx == 0 {
		return b
	}
	return strconv.AppendInt(append(b, '.'), int64(p.idx), 10)
}

// sieve says of a key, cheaply and for most, that no parameter of a few names has it.
type sieve [256]bool

// add takes a name, and the key of it where it ends like one with an index.
func (s *sieve) add(name string) {
	s[sieved(name)] = true
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		s[sieved(name[:dot])] = true
	}
}

func sieved(key string) byte {
	n := len(key)
	if n == 0 {
		return 0
	}
	return byte(n)*31 + key[n-1]*7 + key[n/2]*13 + key[n*3/4]
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
// names, where we do not. It marks in extra which those are.
func (ps *params) merge(extra map[string]filled) {
	if len(extra) == 0 {
		return
	}
	var room [nameRoom]byte
	var may sieve
	for name := range extra {
		may.add(name)
	}
	found := 0
	for i := range *ps {
		p := &(*ps)[i]
		if !may[sieved(p.key)] {
			continue
		}
		e, ok := extra[string(p.appendName(room[:0]))]
		if !ok {
			continue
		}
		p.value, p.more, p.from = e.value, nil, e.from
		if !e.placed {
			e.placed = true
			extra[p.name()] = e
			found++
		}
	}
	if found == len(extra) {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(extra)) {
		if e := extra[k]; !e.placed {
			*ps = append(*ps, param{key: k, value: e.value, from: e.from})
		}
	}
}

// drop takes parameters out.
func (ps *params) drop(names map[string]*Origin) {
	if len(names) == 0 {
		return
	}
	var room [nameRoom]byte
	*ps = slices.DeleteFunc(*ps, func(p param) bool { return names[string(p.appendName(room[:0]))] != nil })
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
