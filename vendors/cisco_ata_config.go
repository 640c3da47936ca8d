package vendors

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ciscoATAProfile is the voice part of an adapter's profile.
var ciscoATAProfile = ciscoFlat{
	own:         "cisco-ata-",
	by:          []Protocol{HTTP, TFTP},
	models:      ciscoATAModels,
	most:        2,
	codecs:      []string{"G711a", "G711u"},
	authSwitch:  true,
	proxySwitch: true,
}

func ciscoATABuild(ps *params, in Input) error {
	if in.File.Kind == Common {
		return ciscoATAProfile.first(ps, in)
	}
	// As shipped the ATA 191 may take HTTPS whatever the rule's scheme is.
	ps.set("Transport_Protocol", "none")
	if err := ciscoATAProfile.provisioning(ps, in); err != nil {
		return err
	}
	ciscoATAProfile.lines(ps, in)
	return ciscoATARouter(ps, in)
}

// ciscoATARouter writes the section of the router inside: clock, logs, TR-069
// and passwords.
func ciscoATARouter(ps *params, in Input) error {
	const router, setup = "router-configuration/", "router-configuration/Time_Setup/"
	c, err := in.clock()
	if err != nil {
		return err
	}
	ps.set(setup+"Time_Zone", ciscoATAZone(c))
	ps.set(setup+"Auto_Adjust_Clock", zeroOne(c.save != 0))
	if c.save != 0 {
		// Where it is there this counts, and not the zone's own rule.
		ps.set(setup+"Daylight_Saving_Time_Rule", ciscoSummer(c))
	}
	if in.Site.NTP != "" {
		ps.set(setup+"Time_Server_Mode", "manual")
		ps.set(setup+"Time_Server", in.Site.NTP)
	}
	ps.set(router+"Log_Configuration/Syslog_Server_IP", "")
	ps.set(router+"Log_Configuration/Event_Log_Server", "")
	ps.set(router+"Log_Configuration/PRT_Upload_Url", "")
	ps.set(router+"Web_Management/Web_Remote_Management", "0")
	ps.set(router+"TR-069/TR_069_Status", "0")
	if in.Stage == Full && !in.Device.AdminPassword.IsZero() {
		ps.set(router+"Web_Login_Admin_Name", "admin")
	}
	ciscoAdmin(ps, in, router+"Web_Login_Admin_Password")
	return nil
}

// ciscoATAZones are the second and third number of zones with summer time, by
// their offset in hours: which of the zones of that offset, and whose rule.
var ciscoATAZones = map[int]string{
	-9: "1 1", -8: "1 1", -7: "2 1", -6: "2 1", -5: "2 1", -4: "2 1", -3: "2 1",
	-1: "1 2", 0: "2 2", 1: "2 2", 2: "2 2", 10: "2 4", 12: "2 4",
}

// ciscoATAZone writes "+01 2 2". Half hours have no number: the adapter's clock
// is then off by that, which shows in the time a caller's number comes with.
func ciscoATAZone(c clock) string {
	hours := int(c.offset / time.Hour)
	numbers := ciscoATAZones[hours]
	if numbers == "" || c.save == 0 && hours != -9 && hours != -8 && hours != -1 {
		numbers = "1 0"
	}
	return fmt.Sprintf("%+03d %s", hours, numbers)
}

// ciscoATASettle puts what operators added to the voice part before the router's
// sections: no adapter was seen to read on behind them.
func ciscoATASettle(ps *params) error {
	slices.SortStableFunc(*ps, func(a, b param) int {
		return cmp.Compare(min(strings.Count(a.key, "/"), 1), min(strings.Count(b.key, "/"), 1))
	})
	return nil
}

// ciscoATAFormat is the flat profile with the router's sections behind it.
var ciscoATAFormat = treeXML{head: ciscoHead, foot: ciscoFoot, escape: xmlText}
