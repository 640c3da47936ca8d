package backup_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/backup"
	"github.com/lineside/lineside/vendors"
)

// table is made once: a fuzz test asks it often.
var table = vendors.All()

// source is a small box's.
func source() backup.Source {
	return backup.Source{
		Database: strings.NewReader("the database"), Size: 12,
		Templates: []vendors.TemplateFile{{Name: "yealink-T46G.conf", Text: []byte("a = 1\n")}, {Name: "yealink.conf", Text: []byte("b = 2\n")}},
		LeftOut:   []backup.LeftOut{{Path: "files/yealink/T46.rom", SHA256: "ab", Why: "too large"}},
		At:        time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC),
	}
}

func written(t testing.TB, s backup.Source) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := backup.Write(&out, s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(data []byte) (backup.Contents, []vendors.TemplateFile, string, error) {
	var database bytes.Buffer
	c, templates, err := backup.Read(bytes.NewReader(data), int64(len(data)), table, &database)
	return c, templates, database.String(), err
}

func TestWriteAndRead(t *testing.T) {
	want := source()
	data := written(t, want)
	c, templates, database, err := read(data)
	if err != nil || database != "the database" {
		t.Fatalf("got %q, %v, want the database", database, err)
	}
	if diff := cmp.Diff(want.Templates, templates); diff != "" {
		t.Errorf("templates (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.LeftOut, c.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
	if c.Format != 1 || len(c.Members) != 3 || c.Members[0].Name != "lineside.db" || c.Members[0].Bytes != 12 {
		t.Errorf("contents: got %+v", c)
	}
	if k := backup.Sniff(data[:backup.Head]); k != backup.Archive {
		t.Errorf("got kind %d, want an archive", k)
	}
}

// TestWriteKept: a backup with kept templates is of the form that has them, and
// one without of the form that older builds read.
func TestWriteKept(t *testing.T) {
	want := source()
	want.Templates = append(want.Templates, vendors.TemplateFile{Name: ".good/yealink.conf", Text: []byte("a = 2\n")})
	c, templates, _, err := read(written(t, want))
	if err != nil || c.Format != 2 {
		t.Errorf("got form %d, %v, want 2", c.Format, err)
	}
	if diff := cmp.Diff(want.Templates, templates); diff != "" {
		t.Errorf("templates (-want +got):\n%s", diff)
	}
}

func TestWriteWantsTheWholeDatabase(t *testing.T) {
	s := source()
	s.Size++
	if err := backup.Write(io.Discard, s); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want that the database ended early", err)
	}
}

func TestSniff(t *testing.T) {
	plain, err := os.ReadFile("../cmd/lineside/testdata/plain-backup.db")
	if err != nil {
		t.Fatal(err)
	}
	both := bytes.Clone(plain)
	copy(both[257:], "ustar")
	for name, tt := range map[string]struct {
		head []byte
		want backup.Kind
	}{
		"a database":               {plain, backup.Plain},
		"a database, ustar in it":  {both, backup.Plain},
		"cut before the magic":     {plain[:19], backup.Unknown},
		"nothing":                  {nil, backup.Unknown},
		"text":                     {[]byte(strings.Repeat("x", backup.Head)), backup.Unknown},
		"text as short as a magic": {[]byte("01234567890123456789"), backup.Unknown},
	} {
		if got := backup.Sniff(tt.head); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
}

// member is one file of a tar made by hand.
type member struct {
	name, text string
	kind       byte
}

func archive(t testing.TB, members ...member) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Typeflag: m.kind, Mode: 0o600}
		if m.kind == tar.TypeReg {
			h.Size = int64(len(m.text))
		} else {
			h.Linkname = m.text
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, m.text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func members(t testing.TB) []member {
	t.Helper()
	var list []member
	r := tar.NewReader(bytes.NewReader(written(t, source())))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		text, err2 := io.ReadAll(r)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		list = append(list, member{h.Name, string(text), tar.TypeReg})
	}
}

// agreeing gives members and the contents that say just that.
func agreeing(t testing.TB, list ...member) []member {
	t.Helper()
	c := backup.Contents{Format: backup.Format}
	for _, m := range list {
		if m.kind != tar.TypeReg {
			m.text = "" // where a link leads is no content
		}
		sum := sha256.Sum256([]byte(m.text))
		c.Members = append(c.Members, backup.Member{Name: m.name, Bytes: int64(len(m.text)), SHA256: hex.EncodeToString(sum[:])})
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return append(slices.Clone(list), member{"contents.json", string(text), tar.TypeReg})
}

func TestReadRefuses(t *testing.T) {
	whole := members(t)
	db, t46, all, contents := whole[0], whole[1], whole[2], whole[3]
	var many []member
	for i := range vendors.MaxTemplates + 1 {
		many = append(many, member{fmt.Sprintf("templates/yealink-T%d.conf", i), "", tar.TypeReg})
	}
	named := func(name string) member { return member{name, "a = 1\n", tar.TypeReg} }
	for name, tt := range map[string]struct {
		members []member
		want    error
	}{
		"whole":                       {whole, nil},
		"nothing in it":               {nil, backup.ErrDamaged},
		"a database alone":            {[]member{db}, backup.ErrDamaged},
		"without a template":          {[]member{db, all, contents}, backup.ErrDamaged},
		"templates exchanged":         {[]member{db, all, t46, contents}, backup.ErrDamaged},
		"a template first":            {agreeing(t, t46, db, all), backup.ErrDamaged},
		"a template twice":            {agreeing(t, db, t46, t46, all), backup.ErrDamaged},
		"two databases":               {agreeing(t, db, db, t46, all), backup.ErrDamaged},
		"more after its end":          {append(members(t), named("templates/yealink-T48G.conf")), backup.ErrDamaged},
		"another template":            {[]member{db, t46, all, named("templates/yealink-T48G.conf"), contents}, backup.ErrDamaged},
		"a key":                       {agreeing(t, db, named("site.key"), t46, all), backup.ErrDamaged},
		"a way out":                   {agreeing(t, db, named("templates/../yealink.conf"), t46, all), backup.ErrDamaged},
		"a folder below":              {agreeing(t, db, named("templates/x/yealink.conf"), t46, all), backup.ErrDamaged},
		"a kept one":                  {agreeing(t, db, t46, all, named("templates/.good/yealink.conf")), nil},
		"a kept one twice":            {agreeing(t, db, t46, all, named("templates/.good/yealink.conf"), named("templates/.good/yealink.conf")), backup.ErrDamaged},
		"kept, and a way out":         {agreeing(t, db, t46, all, named("templates/.good/../yealink-T48G.conf")), backup.ErrDamaged},
		"kept of kept":                {agreeing(t, db, t46, all, named("templates/.good/.good/yealink.conf")), backup.ErrDamaged},
		"of no vendor":                {agreeing(t, db, named("templates/nobody.conf"), t46, all), backup.ErrDamaged},
		"a link":                      {agreeing(t, db, member{"templates/yealink-T48G.conf", "/etc/shadow", tar.TypeSymlink}, t46, all), backup.ErrDamaged},
		"a template too large":        {agreeing(t, db, member{t46.name, strings.Repeat("#", vendors.MaxTemplateBytes+1), tar.TypeReg}, all), backup.ErrDamaged},
		"a template changed":          {[]member{db, {t46.name, "a = 2\n", tar.TypeReg}, all, contents}, backup.ErrDamaged},
		"the database changed":        {[]member{{db.name, "the Database", tar.TypeReg}, t46, all, contents}, backup.ErrDamaged},
		"contents that are no JSON":   {[]member{db, t46, all, {contents.name, "{", tar.TypeReg}}, backup.ErrDamaged},
		"as many templates as may be": {agreeing(t, append([]member{db}, many[1:]...)...), nil},
		"one template too many":       {agreeing(t, append([]member{db}, many...)...), backup.ErrDamaged},
		"of a later form":             {[]member{db, t46, all, {contents.name, `{"format": 4}`, tar.TypeReg}}, backup.ErrNewer},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, _, err := read(archive(t, tt.members...)); !errors.Is(err, tt.want) || (err != nil) != (tt.want != nil) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// TestReadNoticesACut: wherever a copy of a backup broke off, it is none.
func TestReadNoticesACut(t *testing.T) {
	whole := written(t, source())
	for n := range bytes.LastIndexByte(whole, '}') + 1 { // what follows the contents is zeros
		if _, _, _, err := read(whole[:n]); err == nil {
			t.Fatalf("cut after %d bytes of %d: it was taken for whole", n, len(whole))
		}
	}
}

// TestReadOnAFullDisk: what cannot be unpacked is not called damaged.
func TestReadOnAFullDisk(t *testing.T) {
	whole := written(t, source())
	full := errors.New("no space left on device")
	_, _, err := backup.Read(bytes.NewReader(whole), int64(len(whole)), table, failing{full})
	if !errors.Is(err, full) || errors.Is(err, backup.ErrDamaged) {
		t.Errorf("got %v, want %v and no word of damage", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// FuzzRead: what is taken for a backup has templates of known names within bounds
// alone, and written again reads the same.
func FuzzRead(f *testing.F) {
	whole := written(f, source())
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(archive(f, member{"lineside.db", "x", tar.TypeReg}, member{"templates/yealink.conf", "/etc/shadow", tar.TypeSymlink}))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, templates, database, err := read(data)
		if err != nil {
			return
		}
		for _, tp := range templates {
			if !table.HoldsTemplate(tp.Name) || strings.ContainsRune(tp.Name, '/') || len(tp.Text) > vendors.MaxTemplateBytes {
				t.Errorf("took %q of %d bytes for a template", tp.Name, len(tp.Text))
			}
		}
		again, same, base, err := read(written(t, backup.Source{
			Database: strings.NewReader(database), Size: int64(len(database)), Templates: templates, LeftOut: c.LeftOut,
		}))
		if err != nil || base != database || !cmp.Equal(templates, same) || !cmp.Equal(c.Members, again.Members) {
			t.Errorf("written again: %v, %s", err, cmp.Diff(c, again))
		}
	})
}
