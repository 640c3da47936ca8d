package vendors

// linksysProfile is the flat profile of adapters and phones alike: what an
// adapter has no key or screen for it passes over.
var linksysProfile = ciscoFlat{
	own:         "linksys-",
	by:          []Protocol{HTTP, TFTP},
	models:      linksysModels,
	most:        8,
	codecs:      []string{"G711a", "G711u"},
	authSwitch:  true,
	proxySwitch: true,
	keys:        true,
}

func linksysBuild(ps *params, in Input) error {
	if in.File.Kind == Common {
		return linksysProfile.first(ps, in)
	}
	if err := linksysProfile.provisioning(ps, in); err != nil {
		return err
	}
	if err := linksysProfile.clock(ps, in); err != nil {
		return err
	}
	linksysProfile.lines(ps, in)
	ciscoShown(ps, in, "Station_Name")
	if m, _ := linksysModels.Of(in.Device.Model); m.Form != Adapter {
		ciscoBook(ps, in)
	}
	ciscoAdmin(ps, in, "Admin_Passwd")
	return nil
}
