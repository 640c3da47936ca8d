package main

import "testing"

func TestScrub(t *testing.T) {
	for in, want := range map[string]string{
		`msg="make the first" code=Y27B-BSZM-0J8C-R6WR`: `msg="make the first" code=redacted`,
		`{"code":"Y27B-BSZM-0J8C-R6WR","n":1}`:          `{"code":"redacted","n":1}`,
		`"code": "disk-slow"`:                           `"code": "disk-slow"`,
		`proxy http://joe:hunter2@proxy:3128/ used`:     `proxy http://redacted@proxy:3128/ used`,
		`https://hq.example.net/a@b and me@example.net`: `https://hq.example.net/a@b and me@example.net`,
		"": "",
	} {
		if got := string(scrub([]byte(in))); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}
