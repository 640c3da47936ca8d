package portal

import (
	"net/http"
	"strings"
	"testing"
)

// TestImport: a file is told line by line, gives the secrets made for it, and
// writes nothing where it changes nothing.
func TestImport(t *testing.T) {
	l := newLab(t)
	var site Invitation
	l.want(201, "POST", V1+"/sites", SiteInput{Name: "A"}, &site)
	file := strings.ReplaceAll(`mac,site,vendor,model,owner,registrar,user
001565000001,@,Yealink,T46S,,sip.example.net,201
001565000002,@,yealink,T46S,,,
00:15:65:00:00:02,@,snom,,,,
001565000003,@,yealnik,,,,
001565000004,@,yealink,T46S,nobody,,
001565000005,@,yealink,T999X,,,
`, "@", site.Site)
	var got Imported
	l.want(http.StatusOK, "POST", V1+"/import/devices", file, &got)
	if got.Done != 2 || len(got.Faults) != 4 {
		t.Fatalf("got %+v, want two rows done and four not", got)
	}
	for i, want := range []struct {
		line int
		why  string
	}{{3, "stands in line 4 too"}, {4, "stands in line 3 too"}, {5, `"yealnik" is not served`}, {6, `has no user with the ID "nobody"`}} {
		if f := got.Faults[i]; f.Line != want.line || !strings.Contains(f.Why, want.why) {
			t.Errorf("got line %d: %s, want line %d: %s", f.Line, f.Why, want.line, want.why)
		}
	}
	if len(got.Notes) != 1 || got.Notes[0].Line != 7 || !strings.Contains(got.Notes[0].Why, `"T999X"`) {
		t.Errorf("got %+v, want a note on the model in line 7", got.Notes)
	}
	if len(got.Made) != 2 || len(got.Made[0].Secrets["sip.0"]) != 26 || len(got.Made[1].Secrets["pin"]) != 6 {
		t.Errorf("got %d rows with secrets, want both with what was made", len(got.Made))
	}
	var before, after Audit
	l.want(http.StatusOK, "GET", V1+"/audit", nil, &before)
	again := "mac,vendor,registrar,user\n001565000001,YEALINK,sip.example.net,201\n"
	var second Imported
	l.want(http.StatusOK, "POST", V1+"/import/devices", again, &second)
	l.want(http.StatusOK, "GET", V1+"/audit", nil, &after)
	if second.Done != 1 || len(second.Made) != 0 || len(after.Audit) != len(before.Audit) {
		t.Errorf("again: got %d done, %d secrets, %d entries of the audit, want 1, none, %d as before", second.Done, len(second.Made), len(after.Audit), len(before.Audit))
	}
}
