package vendors

// ciscoSPAProfile is the flat profile of the SPA phones.
var ciscoSPAProfile = ciscoFlat{
	own:         "cisco-spa-",
	by:          []Protocol{HTTP, TFTP},
	models:      ciscoSPAModels,
	most:        12,
	codecs:      []string{"G722", "G711a", "G711u"},
	authSwitch:  true,
	proxySwitch: true,
	keys:        true,
}

func ciscoSPABuild(ps *params, in Input) error {
	if in.File.Kind == Common {
		return ciscoSPAProfile.first(ps, in)
	}
	// A phone left in the maker's other mode would ask for call-manager files
	// as soon as it missed its own.
	ps.set("SPCP_Auto-detect", "No")
	ps.set("Signaling_Protocol", "SIP")
	if err := ciscoSPAProfile.provisioning(ps, in); err != nil {
		return err
	}
	if err := ciscoSPAProfile.clock(ps, in); err != nil {
		return err
	}
	ciscoLanguage(ps, in)
	ciscoSPAProfile.lines(ps, in)
	ciscoShown(ps, in, "Station_Name")
	ciscoBook(ps, in)
	ciscoAdmin(ps, in, "Admin_Passwd")
	return nil
}
