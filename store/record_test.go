package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

func testKey() Key {
	k, err := NewKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	return k
}

// fill sets every field below v to a value of its own, so that a field which a
// mirror type forgets comes back different.
func fill(t testing.TB, v reflect.Value, n *int) {
	t.Helper()
	*n++
	switch v.Interface().(type) {
	case phone.Secret:
		v.Set(reflect.ValueOf(phone.NewSecret(fmt.Sprintf("secret-%d", *n))))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 1, 0, 0, *n, *n, time.UTC)))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{10, 0, byte(*n >> 8), byte(*n)})))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(*n), 0}), 24)))
		return
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(fmt.Sprintf(`{"n":%d}`, *n))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text-%d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n)<<1&0xff | 2)
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, key, n)
			fill(t, value, n)
			v.SetMapIndex(key, value)
		}
	default:
		t.Fatalf("no value for %s: teach fill about it", v.Type())
	}
}

func filled[T any](t testing.TB) T {
	var v T
	n := 0
	fill(t, reflect.ValueOf(&v).Elem(), &n)
	return v
}

// TestEveryFieldIsStored fails when a field is added to a domain type and not
// to its mirror.
func TestEveryFieldIsStored(t *testing.T) {
	c := codec{testKey()}
	check := func(t *testing.T, want, got any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("read back\n%#v\nwant\n%#v", got, want)
		}
	}
	t.Run("device", func(t *testing.T) {
		want := filled[auth.Record](t)
		value, err := c.encodeDevice(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.decodeDevice(want.Device.MAC[:], value)
		check(t, &want, got, err)
	})
	t.Run("policy", func(t *testing.T) {
		want := filled[auth.Policy](t)
		value, err := c.encodePolicy(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.decodePolicy(value)
		check(t, &want, got, err)
	})
	t.Run("lease", func(t *testing.T) {
		want := filled[phone.Lease](t)
		value, err := frame(storeLease(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeLease(want.Addr.AsSlice(), value)
		check(t, &want, got, err)
	})
	t.Run("sighting", func(t *testing.T) {
		want := filled[phone.Seen](t)
		value, err := frame(storeSeen(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeSeen(want.MAC[:], value)
		check(t, want, got, err)
	})
	t.Run("audit entry", func(t *testing.T) {
		want := filled[audit.Entry](t)
		s, err := encodeEntry(audit.Record{MAC: want.MAC, By: want.By, Event: rawEvent{want.Kind, want.What}}, want.At)
		if err != nil {
			t.Fatal(err)
		}
		s.Hash = want.Hash
		value, err := frame(s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeEntry(entryKey(want.Seq), value)
		check(t, want, got, err)
	})
}

type rawEvent struct {
	kind string
	what json.RawMessage
}

func (e rawEvent) Kind() string                 { return e.kind }
func (e rawEvent) MarshalJSON() ([]byte, error) { return e.what, nil }

// TestAnyFieldMakesADifference changes one field after another: each must be
// seen by the comparison that decides whether there is anything to write.
func TestAnyFieldMakesADifference(t *testing.T) {
	base := filled[auth.Record](t)
	if !sameDevice(base, base) {
		t.Fatal("a record differs from itself")
	}
	var walk func(path string, v reflect.Value)
	changed := base
	walk = func(path string, v reflect.Value) {
		_, isTime := v.Interface().(time.Time)
		_, isSecret := v.Interface().(phone.Secret)
		_, isAddr := v.Interface().(netip.Addr)
		if v.Kind() == reflect.Struct && !isTime && !isSecret && !isAddr {
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
			return
		}
		old := reflect.ValueOf(v.Interface())
		v.SetZero()
		if same := sameDevice(base, changed); same != (path == ".Rev") {
			t.Errorf("without %s the record is the same: %v", path, same)
		}
		v.Set(old)
	}
	walk("", reflect.ValueOf(&changed).Elem())
}

func TestNewerRecordIsRefusedAsNewer(t *testing.T) {
	s, err := plainDevice(filled[auth.Record](t))
	if err != nil {
		t.Fatal(err)
	}
	s.V = deviceSchema + 1
	value, err := frame(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (codec{testKey()}).decodeDevice(s.MAC[:], value); !errors.Is(err, ErrNewer) || errors.Is(err, errDamaged) {
		t.Errorf("got %v, want ErrNewer alone", err)
	}
}

// FuzzDecodeDevice: no bytes make decoding panic, and whatever is decoded is
// the same after being written and read once more.
func FuzzDecodeDevice(f *testing.F) {
	c := codec{testKey()}
	rec := auth.Record{ // short: long seeds cost the engine all its time
		Device:    phone.Device{MAC: testMAC(1), Lines: []phone.Line{{User: "u", Password: phone.NewSecret("p")}}},
		Enrolment: auth.Enrolment{State: auth.Needed, OTP: auth.Arming{Generation: 1}},
	}
	value, err := c.encodeDevice(rec)
	if err != nil {
		f.Fatal(err)
	}
	mac := rec.Device.MAC
	bare, err := frame(storedDevice{version: version{1}, MAC: storedMAC(mac)})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{value, bare, {}, []byte("{}"), value[:len(value)/2]} {
		f.Add(seed, false)
		f.Add(seed[:max(0, len(seed)-trailer)], true)
	}
	f.Fuzz(func(t *testing.T, data []byte, sum bool) {
		if sum { // past the checksum, which chance does not find
			framed, err := frame(json.RawMessage(data))
			if err != nil {
				return
			}
			data = framed
		}
		first, err := c.decodeDevice(mac[:], data)
		if err != nil {
			if first != nil {
				t.Error("a record beside an error")
			}
			return
		}
		again, err := c.encodeDevice(*first)
		if err != nil {
			t.Fatalf("decoded, but not to be encoded: %v", err)
		}
		second, err := c.decodeDevice(mac[:], again)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(first, second) || !sameDevice(*first, *second) {
			t.Errorf("got\n%#v\nthen\n%#v", first, second)
		}
	})
}

// FuzzDecodeEntries does the same for the records that hold what strangers
// sent.
func FuzzDecodeEntries(f *testing.F) {
	lease, seen := filled[phone.Lease](f), filled[phone.Seen](f)
	for _, v := range []any{storeLease(lease), storeSeen(seen), storedEntry{version: version{1}, Kind: "reset", What: []byte("{}")}} {
		b, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := frame(json.RawMessage(data))
		if err != nil {
			return
		}
		if l, err := decodeLease(lease.Addr.AsSlice(), value); err == nil {
			again, err := frame(storeLease(*l))
			if err != nil {
				t.Fatal(err)
			}
			if l2, err := decodeLease(lease.Addr.AsSlice(), again); err != nil || !reflect.DeepEqual(storeLease(*l), storeLease(*l2)) {
				t.Errorf("lease %+v came back %+v, %v", l, l2, err)
			}
		}
		if s, err := decodeSeen(seen.MAC[:], value); err == nil {
			again, err := frame(storeSeen(s))
			if err != nil {
				t.Fatal(err)
			}
			if s2, err := decodeSeen(seen.MAC[:], again); err != nil || s != s2 {
				t.Errorf("sighting %+v came back %+v, %v", s, s2, err)
			}
		}
		if e, err := decodeEntry(entryKey(1), value); err == nil && len(e.What) > 0 && !json.Valid(e.What) {
			t.Errorf("entry holds %q", e.What)
		}
	})
}

func TestFrameFindsEveryFlippedBit(t *testing.T) {
	value, err := frame(storeLease(filled[phone.Lease](t)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unframe(value); err != nil {
		t.Fatal(err)
	}
	for i := range value {
		for bit := range 8 {
			bad := bytes.Clone(value)
			bad[i] ^= 1 << bit
			if _, err := unframe(bad); !errors.Is(err, errDamaged) {
				t.Fatalf("bit %d of byte %d: got %v, want errDamaged", bit, i, err)
			}
		}
	}
	if _, err := frame(bytes.Repeat([]byte("x"), maxValue)); err == nil {
		t.Error("a record above the bound was framed")
	}
}
