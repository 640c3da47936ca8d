package vendors

// ciscoMPPProfile is the flat profile of multiplatform phones. Auth_ID and
// Outbound_Proxy count there as soon as they have a value.
var ciscoMPPProfile = ciscoFlat{
	own:    "cisco-mpp-",
	by:     []Protocol{HTTPS, HTTP, TFTP},
	models: ciscoMPPModels,
	most:   16,
	codecs: []string{"G722", "G711a", "G711u"},
	keys:   true,
}

func ciscoMPPBuild(ps *params, in Input) error {
	if in.Box.CAURL != "" {
		ps.set("Custom_CA_Rule", in.Box.CAURL)
	}
	if in.File.Kind == Common {
		return ciscoMPPProfile.first(ps, in)
	}
	if err := ciscoMPPProfile.provisioning(ps, in); err != nil {
		return err
	}
	// Challenged, the phone shows what its rule has, and asks the person at it
	// where that has nothing.
	ps.set("Profile_Authentication_Type", "Basic Http Authentication")
	// The maker's cloud, an auto-configuration server out of DHCP, firmware from
	// whichever phone offers some, problem reports: none of them is the box's.
	ps.set("Webex_Onboard_Enable", "No")
	ps.set("Enable_TR-069", "No")
	ps.set("Peer_Firmware_Sharing", "No")
	ps.set("PRT_Upload_URL", "")
	if err := ciscoMPPProfile.clock(ps, in); err != nil {
		return err
	}
	ciscoLanguage(ps, in)
	ciscoMPPProfile.lines(ps, in)
	ciscoShown(ps, in, "Station_Name", "Station_Display_Name")
	ciscoBook(ps, in)
	ciscoAdmin(ps, in, "Admin_Password")
	return nil
}
