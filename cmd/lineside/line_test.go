package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
)

func secretsEqual(a, b phone.Secret) bool { return a.Reveal() == b.Reveal() }

func TestParseLine(t *testing.T) {
	for _, tc := range []struct {
		text string
		want phone.Line
	}{
		{"alice@sip.example.net", phone.Line{User: "alice", Registrar: "sip.example.net"}},
		{"4930:p@ss:word@sip.example.net:5080;transport=TLS;proxy=edge.example.net:5061;auth=u1;display=Alice B;label=Desk", phone.Line{
			User: "4930", Password: phone.NewSecret("p@ss:word"), Registrar: "sip.example.net", Port: 5080, Transport: phone.TLS,
			OutboundProxy: "edge.example.net:5061", AuthID: "u1", DisplayName: "Alice B", Label: "Desk",
		}},
		{"a:b@[2001:db8::1]:5060", phone.Line{User: "a", Password: phone.NewSecret("b"), Registrar: "2001:db8::1", Port: 5060}},
		{`a@h;display="Smith; Sons";label=6" desk`, phone.Line{User: "a", Registrar: "h", DisplayName: "Smith; Sons", Label: `6" desk`}},
		{`a@h;;label="say ""hi""; bye";`, phone.Line{User: "a", Registrar: "h", Label: `say "hi"; bye`}},
		{`a@h;label="";display="a=b"`, phone.Line{User: "a", Registrar: "h", DisplayName: "a=b"}},
		{"a@2001:db8::1;", phone.Line{User: "a", Registrar: "2001:db8::1"}},
	} {
		t.Run(tc.text, func(t *testing.T) {
			got, err := parseLine(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.Comparer(secretsEqual)); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseLineRefuses(t *testing.T) {
	for _, text := range []string{"", "alice", "@host", "a@", "a@h:0", "a@h:70000", "a@h;colour=red", "a@h;transport", `a@h;label="open`, `a@h;label="a"b`, `a@h;label="a""`, "a b@h", "a@h;transport=carrier-pigeon", "a:hunter2 zz\n@h"} {
		_, err := parseLine(text)
		if err == nil {
			t.Errorf("%q was accepted", text)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

// FuzzLine: an account that is accepted is valid, and what is shown of it reads
// back as the same account, less its password.
func FuzzLine(f *testing.F) {
	f.Add("4930:p@ss@sip.example.net:5080;transport=tls;display=A")
	f.Add("a:b@[::1]:5060;;")
	f.Add("a@::1")
	f.Add("a@h;label=x=y")
	f.Add(`a@h;label="x;""y";display=""`)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parseLine(text)
		if err != nil {
			return
		}
		if err := l.Validate(); err != nil {
			t.Fatalf("%q gave a line that is not valid: %v", text, err)
		}
		l.Password = phone.Secret{}
		again, err := parseLine(writeLine(l))
		if err != nil {
			t.Fatalf("%q is written %q, which is refused: %v", text, writeLine(l), err)
		}
		if diff := cmp.Diff(l, again, cmp.Comparer(secretsEqual)); diff != "" {
			t.Errorf("%q is written %q, which reads differently:\n%s", text, writeLine(l), diff)
		}
	})
}
