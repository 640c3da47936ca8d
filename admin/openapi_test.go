package admin_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/update"
)

// description is what the tests read of openapi.json.
type description struct {
	OpenAPI string                          `json:"openapi"`
	Paths   map[string]map[string]operation `json:"paths"`
	Parts   struct {
		Schemas map[string]struct {
			Properties map[string]any `json:"properties"`
			Required   []string       `json:"required"`
		} `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	ID        string         `json:"operationId"`
	Role      string         `json:"x-least-role"`
	Security  *[]any         `json:"security"`
	Responses map[string]any `json:"responses"`
	Params    []struct {
		Name, In string
	} `json:"parameters"`
}

func describe(t *testing.T) (description, []byte) {
	t.Helper()
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatalf("openapi.json: %v", err)
	}
	return d, text
}

func TestOpenAPIDescribesTheRoutes(t *testing.T) {
	d, _ := describe(t)
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("version: got %q, want 3.1", d.OpenAPI)
	}
	var described, served []string
	for path, methods := range d.Paths {
		for method, op := range methods {
			described = append(described, strings.ToUpper(method)+" "+path+" for "+op.Role)
			open := op.Security != nil && len(*op.Security) == 0
			if isOpen := path == "/" || path == "/api/v1/openapi.json"; open != isOpen {
				t.Errorf("%s %s: described as open %v, is %v", method, path, open, isOpen)
			}
			for _, p := range op.Params {
				if p.In == "path" && !strings.Contains(path, "{"+p.Name+"}") {
					t.Errorf("%s %s: parameter %s is not in the path", method, path, p.Name)
				}
			}
			if _, says401 := op.Responses["401"]; says401 == open {
				t.Errorf("%s %s: open %v, but 401 described %v", method, path, open, says401)
			}
		}
	}
	for _, r := range admin.Routes() {
		served = append(served, r[0]+" "+strings.NewReplacer("{$}", "", "...}", "}").Replace(r[1])+" for "+r[2])
	}
	slices.Sort(described)
	slices.Sort(served)
	if diff := cmp.Diff(served, described); diff != "" {
		t.Errorf("routes (-served +described):\n%s", diff)
	}
}

func TestOpenAPIDescribesTheShapes(t *testing.T) {
	shapes := map[string]any{
		"Error": admin.Error{}, "Change": operators.Change{}, "Condition": health.Condition{}, "Listener": admin.Listener{}, "Setting": admin.Setting{},
		"Status": admin.Status{}, "Health": admin.Health{}, "Line": admin.Line{}, "LineInput": admin.LineInput{},
		"Enrolment": admin.Enrolment{}, "Seen": phone.Seen{}, "Device": admin.Device{}, "Page": admin.Page{},
		"DeviceInput": admin.DeviceInput{}, "ImportInput": admin.ImportInput{}, "Imported": admin.Imported{},
		"PINInput": admin.PINInput{}, "PINResult": admin.PINResult{}, "PIN": admin.PIN{}, "AllowOTPInput": admin.AllowOTPInput{},
		"Preview": provision.Preview{}, "Rendered": admin.Rendered{}, "OTP": admin.OTP{}, "OTPs": admin.OTPs{},
		"OTPInput": admin.OTPInput{}, "Allow": admin.Allow{}, "Allowed": admin.Allowed{}, "AllowInput": admin.AllowInput{},
		"Policy": admin.Policy{}, "PolicyInput": admin.PolicyInput{}, "Visitors": admin.Visitors{}, "Lease": admin.Lease{},
		"Leases": admin.Leases{}, "Actor": audit.Actor{}, "Entry": audit.Entry{}, "Link": audit.Link{}, "PlatformLink": admin.PlatformLink{}, "JoinInput": admin.JoinInput{}, "Check": audit.Check{}, "Audit": admin.Audit{}, "Stopped": admin.Stopped{},
		"Update": admin.Update{}, "StagedUpdate": admin.StagedUpdate{}, "Vitals": update.Vitals{}, "Answers": update.Answers{}, "Trial": update.Trial{}, "Refusal": update.Refusal{},
		"StagedRestore": admin.StagedRestore{}, "StagedRestores": admin.StagedRestores{}, "Restored": admin.Restored{},
		"Ticket": admin.Ticket{}, "Tickets": admin.Tickets{}, "TicketInput": admin.TicketInput{}, "RejectInput": admin.RejectInput{},
		"DemandInput": admin.DemandInput{},
		"Mail":        admin.Mail{}, "Letter": mail.Letter{}, "MailTestInput": admin.MailTestInput{},
		"Token": admin.Token{}, "Tokens": admin.Tokens{}, "TokenInput": admin.TokenInput{}, "Step": provision.Step{},
		"Timeline": admin.Timeline{}, "FetchedFile": admin.FetchedFile{}, "Finding": admin.Finding{}, "Action": admin.Action{}, "Event": provision.Event{},
		"User": admin.User{}, "Users": admin.Users{}, "UserInput": admin.UserInput{}, "LocalFile": provision.LocalFile{},
		"FirmwareRule": provision.FirmwareRule{}, "Files": admin.Files{}, "FileRoom": provision.FileRoom{}, "FileCheckInput": admin.FileCheckInput{}, "FileChecked": admin.FileChecked{}, "FirmwareInput": admin.FirmwareInput{},
		"Upload": provision.Upload{}, "Uploads": admin.Uploads{}, "TemplateFault": provision.TemplateFault{},
		"Templates": provision.Templates{}, "ConfigSetting": provision.Setting{},
		"UnhelpedCall": provision.UnhelpedCall{}, "UnhelpedCalls": admin.UnhelpedCalls{}, "AcknowledgeInput": admin.AcknowledgeInput{},
		"Acknowledged": admin.Acknowledged{}, "LostNumber": provision.LostNumber{}, "LostNumbers": admin.LostNumbers{},
		"Settings": admin.Settings{}, "SettingKey": admin.SettingKey{}, "Restarting": admin.Restarting{},
		"ImportPreview": admin.ImportPreview{}, "ImportLine": admin.ImportLine{}, "ImportFault": admin.ImportFault{},
		"TicketsInput": admin.TicketsInput{}, "TicketFor": admin.TicketFor{}, "TicketLine": admin.TicketLine{}, "TicketsMade": admin.TicketsMade{},
		"Search": admin.Search{}, "BulkInput": admin.BulkInput{}, "BulkRow": admin.BulkRow{}, "BulkDone": admin.BulkDone{},
		"Overview": admin.Overview{}, "VendorCount": admin.VendorCount{}, "DHCP": admin.DHCP{}, "Pool": admin.Pool{},
		"AddrRange": admin.AddrRange{}, "Hour": phone.Hour{}, "Phone": admin.Phone{}, "Phones": admin.Phones{}, "PINs": admin.PINs{}, "PINRow": admin.PINRow{},
		"DHCPAdvice": admin.DHCPAdvice{}, "DHCPSnippet": admin.DHCPSnippet{}, "DHCPServer": admin.DHCPServer{}, "DHCPMode": admin.DHCPMode{},
		"Account": admin.Account{}, "AccountList": admin.AccountList{}, "AccountInput": admin.AccountInput{},
		"AccountAdded": admin.AccountAdded{}, "PasswordReset": admin.PasswordReset{}, "SetUpCode": admin.SetUpCode{},
		"Me": admin.Me{}, "MeInput": admin.MeInput{}, "PasswordInput": admin.PasswordInput{},
		"ResyncInput": admin.ResyncInput{}, "Resynced": admin.Resynced{},
	}
	d, text := describe(t)
	for name, schema := range d.Parts.Schemas {
		v, ok := shapes[name]
		if !ok {
			t.Errorf("schema %s describes nothing", name)
			continue
		}
		all, always := members(reflect.TypeOf(v))
		if diff := cmp.Diff(all, slices.Sorted(maps.Keys(schema.Properties))); diff != "" {
			t.Errorf("%s (-Go +schema):\n%s", name, diff)
		}
		slices.Sort(schema.Required)
		if diff := cmp.Diff(always, schema.Required); diff != "" && !strings.HasSuffix(name, "Input") {
			t.Errorf("%s, always there (-Go +schema):\n%s", name, diff)
		}
		if !strings.Contains(string(text), `"#/components/schemas/`+name+`"`) {
			t.Errorf("schema %s is used nowhere", name)
		}
		delete(shapes, name)
	}
	for name := range shapes {
		t.Errorf("%s is not described", name)
	}
	var refs any
	_ = json.Unmarshal(text, &refs)
	walkRefs(refs, func(ref string) {
		name, ok := strings.CutPrefix(ref, "#/components/schemas/")
		if _, there := d.Parts.Schemas[name]; ok && !there {
			t.Errorf("%s points nowhere", ref)
		}
	})
}

// members are the JSON names of a struct, and those that are always there.
func members(typ reflect.Type) (all, always []string) {
	for i := range typ.NumField() {
		name, rest, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		all = append(all, name)
		if !strings.Contains(rest, "omit") {
			always = append(always, name)
		}
	}
	slices.Sort(all)
	slices.Sort(always)
	return all, always
}

func walkRefs(v any, do func(string)) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			do(ref)
		}
		for _, x := range v {
			walkRefs(x, do)
		}
	case []any:
		for _, x := range v {
			walkRefs(x, do)
		}
	}
}
