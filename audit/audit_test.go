package audit_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/lineside/lineside/audit"
)

// TestKinds checks that no two events share a name and that every field is
// spelt for the log.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range []audit.Event{
		audit.DeviceAdded{}, audit.DeviceChanged{}, audit.DeviceRemoved{}, audit.PINEntered{}, audit.OTPConsumed{},
		audit.CredentialMinted{}, audit.CredentialConfirmed{}, audit.StateChanged{}, audit.Suspended{}, audit.Reset{},
		audit.OTPAllowed{}, audit.Refused{}, audit.RefusedMore{}, audit.BrandSet{}, audit.PolicyChanged{},
		audit.PINShown{}, audit.WindowOpened{}, audit.SecretsShown{}, audit.OverridesShown{}, audit.DevicesExported{}, audit.BackupTaken{},
		audit.TokenAdded{}, audit.TokenRemoved{},
		audit.TicketMade{}, audit.TicketDemanded{}, audit.TicketShown{}, audit.TicketApproved{}, audit.TicketRejected{},
		audit.TicketUsed{}, audit.TicketExpired{}, audit.TicketRevoked{}, audit.DeliveredAgain{},
		audit.UserAdded{}, audit.UserChanged{}, audit.UserRemoved{}, audit.PortalTried{}, audit.UsersExported{},
		audit.FileAdded{}, audit.FileRemoved{}, audit.FirmwareSet{}, audit.UploadShown{}, audit.SheetShown{}, audit.TemplatesLoaded{},
		audit.SettingChanged{}, audit.RestartAsked{}, audit.RestoreStaged{}, audit.RestoreAsked{}, audit.BackupRestored{}, audit.RestoreDropped{},
		audit.EmergencyCalled{}, audit.EmergencyAcknowledged{},
		audit.MailFailed{}, audit.MailRemoved{}, audit.MailTested{},
		audit.PlatformJoined{}, audit.PlatformLeft{}, audit.PlatformAsked{}, audit.Provisioned{}, audit.Visited{},
	} {
		if seen[e.Kind()] {
			t.Errorf("two events are called %s", e.Kind())
		}
		seen[e.Kind()] = true
		typ := reflect.TypeOf(e)
		for i := range typ.NumField() {
			if name := typ.Field(i).Tag.Get("json"); name == "" || name != strings.ToLower(name) {
				t.Errorf("%s.%s: got json name %q, want a lower-case one", e.Kind(), typ.Field(i).Name, name)
			}
			if n := strings.ToLower(typ.Field(i).Name); strings.Contains(n, "password") || n == "pin" || n == "secret" {
				t.Errorf("%s has a field %s: no event carries a secret", e.Kind(), typ.Field(i).Name)
			}
		}
	}
}
