package provision_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

func TestDirectory(t *testing.T) {
	l := newTown(t, auth.FactorPIN, townTable)
	l.people(t, anna(), phone.User{ID: "bert", Extension: "711", First: "bert"}, phone.User{ID: "zoe", Extension: "799"})
	tests := []struct{ file, want string }{
		{"dir/plain", "Lab\n799=799\nAnna Müller=710\nbert=711"},
		{"dir/plain?search=MÜL", "Lab\nAnna Müller=710"},
		{"dir/plain?q=71", "Lab\nAnna Müller=710\nbert=711"},
		{"dir/plain?search=nobody", "Lab"},
		{"dir/plain?search=%23SEARCH", "Lab\n799=799\nAnna Müller=710\nbert=711"},
		{"dir/plain?%zz", "Lab\n799=799\nAnna Müller=710\nbert=711"},
	}
	for _, tt := range tests {
		a := l.fetch(t, tt.file, "10.20.0.57", "710", "fakepass1")
		if got := string(a.Body); a.Status != provision.Content || got != tt.want || a.Type != "text/plain" {
			t.Errorf("%s: got status %d and %q, want %q", tt.file, a.Status, got, tt.want)
		}
	}
	if err := l.RemoveUser(t.Context(), operator, "zoe"); err != nil {
		t.Fatal(err)
	}
	if a := l.fetch(t, "dir/plain", "10.20.0.57", "710", "fakepass1"); strings.Contains(string(a.Body), "799") {
		t.Errorf("a user that was removed is still in the book: %s", a.Body)
	}
}

// TestDirectoryIsDeniedAlike: who does not show a user's own password hears the
// same, whatever is asked for and whoever is named.
func TestDirectoryIsDeniedAlike(t *testing.T) {
	l := newTown(t, auth.FactorPIN, townTable)
	l.people(t, anna(), phone.User{ID: "bert", Extension: "711"})
	want := provision.Answer{Status: provision.Challenge}
	n := 0
	for _, file := range []string{"dir/plain", "dir/mute", "dir/", "dir/acme", "dir/../plain", "dir/plain?search=x"} {
		for _, shown := range [][]string{nil, {"710", "wrong"}, {"711", ""}, {"799", "fakepass1"}, {"", "fakepass1"}, {"installer", "fake-brand-otp"}} {
			n++
			from := fmt.Sprintf("10.20.1.%d", n)
			if got := l.fetch(t, file, from, shown...); !reflect.DeepEqual(got, want) {
				t.Errorf("%s with %q: got %+v, want a bare challenge", file, shown, got)
			}
		}
	}
	if got := l.askOn(t, provision.TFTP, "dir/plain", "10.20.0.57", "710", "fakepass1"); got.Status == provision.Content {
		t.Error("the book crossed TFTP")
	}
}

// TestGuessingTheBookCostsTheGuesser and nobody else.
func TestGuessingTheBookCostsTheGuesser(t *testing.T) {
	l := newTown(t, auth.FactorPIN, townTable)
	l.people(t, anna())
	for n := range auth.FreeTries + 1 {
		l.fetch(t, "dir/plain", "10.20.0.66", "710", fmt.Sprint("wrong", n))
	}
	a := l.fetch(t, "dir/plain", "10.20.0.66", "710", "fakepass1")
	if a.Status != provision.Challenge || a.Retry <= 0 {
		t.Errorf("after %d guesses: got %+v, want a challenge that says when to come again", auth.FreeTries+1, a)
	}
	if b := l.fetch(t, "dir/plain", "10.20.0.66", "710", "another"); !reflect.DeepEqual(a, b) {
		t.Errorf("a right guess hears %+v, a wrong one %+v, want the same", a, b)
	}
	if a := l.fetch(t, "dir/plain", "10.20.0.57", "710", "fakepass1"); a.Status != provision.Content {
		t.Error("the user herself was locked out")
	}
	l.wait(time.Hour)
	if a := l.fetch(t, "dir/plain", "10.20.0.66", "710", "fakepass1"); a.Status != provision.Content {
		t.Error("the penalty did not end")
	}
}

// FuzzSearch: whatever a phone searches for, the answer is a part of the book.
func FuzzSearch(f *testing.F) {
	l := newTown(f, auth.FactorPIN, townTable)
	l.people(f, anna(), phone.User{ID: "bert", Extension: "711"})
	whole := string(l.fetch(f, "dir/plain", "10.20.0.57", "710", "fakepass1").Body)
	for _, q := range []string{"search=a", "q=%00", "search=*&q=71", "name=%C3", ";", "search=" + strings.Repeat("ü", 80)} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		a := l.fetch(t, "dir/plain?"+query, "10.20.0.57", "710", "fakepass1")
		if a.Status != provision.Content {
			t.Fatalf("got status %d, want a book", a.Status)
		}
		for line := range strings.Lines(string(a.Body)) {
			if !strings.Contains(whole, strings.TrimSpace(line)) {
				t.Errorf("%q is not in the book", line)
			}
		}
	})
}

// TestSeedBook: a phone that asks for the book among its configs is given it for
// its own credential; to everybody else there is no such file.
func TestSeedBook(t *testing.T) {
	l := newTown(t, auth.FactorOTP, townTable)
	l.people(t, anna())
	l.add(t, mac)
	user, password := loginIn(t, l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"))
	l.get(t, mac, "10.20.0.57", user, password)
	if a := l.fetch(t, "book.txt", "10.20.0.57", user, password); !strings.Contains(string(a.Body), "Anna Müller=710") {
		t.Errorf("its own credential: got %+v", a)
	}
	l.lease("10.20.0.66", stranger)
	for _, tt := range []struct {
		from  string
		shown []string
	}{
		{"10.20.0.57", nil}, {"10.20.0.57", []string{user, "wrong"}}, {"10.20.0.57", []string{"710", "fakepass1"}},
		{"10.20.0.57", []string{"installer", "fake-brand-otp"}}, {"10.20.0.66", []string{user, password}},
	} {
		if a := l.fetch(t, "book.txt", tt.from, tt.shown...); !reflect.DeepEqual(a, provision.Answer{}) {
			t.Errorf("%s with %q: got %+v, want that there is no such file", tt.from, tt.shown, a)
		}
	}
	if _, err := l.Reset(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	if a := l.fetch(t, "book.txt", "10.20.0.57", user, password); a.Status == provision.Content {
		t.Error("a void login was given the book")
	}
}
