package vendors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ciscoFlat is in what the flat profiles of the families differ.
type ciscoFlat struct {
	own    string // begins the name of the phone's own file
	by     []Protocol
	models Models
	most   int      // accounts of the largest model
	codecs []string // best first
	// authSwitch: Auth_ID is passed over unless Use_Auth_ID says otherwise.
	authSwitch bool
	// proxySwitch: the same of the outbound proxy.
	proxySwitch bool
	// keys: there are line keys with labels beside them, and a screen.
	keys bool
}

// first is the file of a factory-new phone. It says nothing but where the
// phone's own file is: Profile_Rule for all times to come, and Profile_Rule_B,
// which is fetched in the same run. Nothing of it is secret, and a phone that is
// refused its own file comes back soon.
func (c ciscoFlat) first(ps *params, in Input) error {
	rule, err := ciscoRule(in.Box.URL, c.by, c.own, Login{})
	if err != nil {
		return err
	}
	ps.set("Provision_Enable", "Yes")
	ps.set("Resync_On_Reset", "Yes")
	ps.set("Resync_Error_Retry_Delay", ciscoRetry)
	ps.set("Profile_Rule", rule)
	ps.set("Profile_Rule_B", rule)
	return nil
}

// ciscoRetry is the seconds after a failed fetch.
const ciscoRetry = "300"

// provisioning writes how the phone fetches from now on. The three rules beside
// the first are emptied, as is the hour of a daily fetch, which would do away
// with the interval; so are a former operator's firmware and the report that
// would come to the box.
//
// With a whole URL in its rule a phone does not look at DHCP options any more.
// Where the box may move, listen.url should have a name in it.
func (c ciscoFlat) provisioning(ps *params, in Input) error {
	rule, err := ciscoRule(in.fetchURL(), c.by, c.own, in.Login)
	if err != nil {
		return err
	}
	ps.set("Provision_Enable", "Yes")
	ps.set("Resync_On_Reset", "Yes")
	ps.set("Resync_At__HHmm_", "")
	ps.set("Resync_Periodic", strconv.Itoa(int(resyncEvery(in)/time.Second)))
	ps.set("Resync_Error_Retry_Delay", ciscoRetry)
	ps.set("Resync_From_SIP", "Yes")
	ps.set("Resync_Fails_On_FNF", "Yes")
	ps.set("Profile_Rule", rule)
	for _, other := range []string{"B", "C", "D"} {
		ps.set("Profile_Rule_"+other, "")
	}
	rule = ""
	if f, ok := in.upgrade(); ok {
		rule = f.URL
		ps.set("Upgrade_Enable", "Yes")
	}
	ps.set("Upgrade_Rule", rule)
	ps.set("Report_Rule", "")
	ps.set("Syslog_Server", "")
	ps.set("Debug_Server", "")
	return nil
}

// clock writes offset and rules of a phone that shows the time.
func (c ciscoFlat) clock(ps *params, in Input) error {
	zone, err := in.clock()
	if err != nil {
		return err
	}
	ps.set("Time_Zone", ciscoOffset(zone.offset))
	ps.set("Daylight_Saving_Time_Enable", ciscoYes(zone.save != 0))
	if zone.save != 0 {
		ps.set("Daylight_Saving_Time_Rule", ciscoSummer(zone))
	}
	if in.Site.NTP != "" {
		ps.set("Primary_NTP_Server", in.Site.NTP)
	}
	return nil
}

// ciscoOffset writes "GMT+01:00", and "GMT" alone where the phones' own list
// does.
func ciscoOffset(d time.Duration) string {
	if d == 0 {
		return "GMT"
	}
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("GMT%s%02d:%02d", sign, int(d/time.Hour), int(d%time.Hour/time.Minute))
}

// ciscoSummer writes "start=3/-1/7/2:0:0;end=10/-1/7/3:0:0;save=1".
func ciscoSummer(c clock) string {
	save := strconv.Itoa(int(c.save / time.Hour))
	if minutes := int(c.save % time.Hour / time.Minute); minutes != 0 {
		save += ":" + strconv.Itoa(minutes) + ":0"
	}
	return "start=" + ciscoChange(c.start) + ";end=" + ciscoChange(c.stop) + ";save=" + save
}

// ciscoChange writes month/day/weekday/time, with Sunday as 7 and the day from
// which on the weekday counts: -1 is the month's last.
func ciscoChange(c change) string {
	day := "-1"
	if c.week < 5 {
		day = strconv.Itoa((c.week-1)*7 + 1)
	}
	return strings.Join([]string{strconv.Itoa(int(c.month)), day, strconv.Itoa(mondayFirst(c.weekday)), strconv.Itoa(c.hour) + ":0:0"}, "/")
}

func ciscoYes(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

// ciscoLanguage names the dictionary and the locale. The phone shows it once it
// has that dictionary, which is a file of the maker's that operators add.
func ciscoLanguage(ps *params, in Input) {
	language, locale := "English-US", "en-US"
	if german(in.Site) {
		language, locale = "German", "de-DE"
	}
	ps.set("Language_Selection", language)
	ps.set("Locale", locale)
}

// ciscoBook is the directory behind the phone's directory key.
func ciscoBook(ps *params, in Input) {
	if in.Stage != Full || in.Book.URL == "" {
		return
	}
	ps.set("XML_Directory_Service_Name", in.Book.Name)
	ps.set("XML_Directory_Service_URL", in.Book.URL)
	ps.set("XML_User_Name", in.Book.Login.User)
	ps.set("XML_Password", in.Book.Login.Password.Reveal())
}

// ciscoAdmin sets the password of the phone's own pages, at Full and where the
// operator gave one.
func ciscoAdmin(ps *params, in Input, names ...string) {
	password := in.Device.AdminPassword.Reveal()
	if in.Stage != Full || password == "" {
		return
	}
	for _, name := range names {
		ps.set(name, password)
	}
}

// ciscoHead and ciscoFoot frame a flat profile.
const (
	ciscoHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<flat-profile>\n"
	ciscoFoot = "</flat-profile>\n"
)

// ciscoFlatFormat has one element for each parameter. An element left out keeps
// its value on the phone, an empty one empties it.
var ciscoFlatFormat = flatXML{head: ciscoHead, foot: ciscoFoot, escape: xmlText}

// ciscoUnverified are doubts all families share, with the family's own.
func ciscoUnverified(own ...string) []string {
	return slices.Concat(own, []string{
		"$ in an element other than a rule is no macro",
		"a plain resync event fetches by Profile_Rule, and reboot_now reboots",
		"the certificate's state field is in RFC 5280's attribute 2.5.4.8",
		"which CAs stand behind factory certificates later than Linksys's",
		"Emergency_Number_n_ takes several numbers with commas between",
		"Yes and No are read in capital and in small letters",
		"$MAC and what separates its pairs; only $MA is written",
		"DTMF_Tx_Method with +INFO behind it; AVT alone is written",
		"none of them names a user class in DHCP, or sends a SUBSCRIBE for PnP",
		"whether a redirect is followed; none is sent",
	})
}
