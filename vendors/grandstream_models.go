package vendors

// Models of Grandstream by the numbering they share (see grandstream.go), with
// accounts and screens of the makers' data sheets where one was read.
var (
	grandstreamModels = modelsOf(
		row{lines: 6, screen: "320x240", names: "GRP2614"},
		row{lines: 4, screen: "130x64", names: "GXP2000"},
		row{lines: 6, names: "GXP2010"},
		row{lines: 6, screen: "320x160", names: "GXP2020"},
		row{lines: 1, screen: "128x40", names: "GXP1160 GXP1165"},
		row{lines: 2, screen: "128x40", names: "GXP1400 GXP1405"},
		row{lines: 2, screen: "180x60", names: "GXP1450"},
		row{lines: 4, screen: "180x90", names: "GXP2100"},
		row{lines: 4, screen: "240x120", names: "GXP2110 GXP2124"},
		row{lines: 4, screen: "320x160", names: "GXP2120"},
		row{lines: 1, screen: "132x48", names: "GXP1610 GXP1615"},
		row{lines: 2, screen: "132x48", names: "GXP1620 GXP1625 GXP1628"},
		row{lines: 3, screen: "132x64", names: "GXP1630"},
		row{lines: 3, screen: "200x80", names: "GXP1760 GXP1760W"},
		row{lines: 4, screen: "200x80", names: "GXP1780 GXP1782"},
		row{lines: 3, screen: "320x240", names: "GXP2130"},
		row{lines: 4, screen: "320x240", names: "GXP2135"},
		row{lines: 4, screen: "480x272", names: "GXP2140"},
		row{lines: 6, screen: "480x272", names: "GXP2160"},
		row{lines: 12, screen: "480x272", names: "GXP2170"},
		row{lines: 2, screen: "132x48", names: "GRP2601 GRP2601P GRP2601W"},
		row{lines: 4, screen: "132x48", names: "GRP2602 GRP2602P GRP2602W GRP2602G"},
		row{lines: 6, screen: "132x64", names: "GRP2603 GRP2603P GRP2604 GRP2604P"},
		row{lines: 2, screen: "320x240", names: "GRP2612 GRP2612P GRP2612W"},
		row{lines: 3, screen: "320x240", names: "GRP2613"},
		row{lines: 5, screen: "480x272", names: "GRP2615"},
		row{lines: 6, screen: "480x272", names: "GRP2616"},
		row{screen: "320x240", names: "GRP2624 GRP2634"},
		row{lines: 6, screen: "480x272", names: "GRP2636"},
		row{names: "GRP2650"},
		row{screen: "1024x600", names: "GRP2670"},
		row{lines: 2, screen: "none", names: "GHP610 GHP610W GHP611 GHP611W"},
		row{lines: 2, names: "GHP620 GHP620W GHP621 GHP621W GHP630 GHP630W GHP631 GHP631W"},
		row{lines: 16, screen: "1280x720", names: "GXV3350 GXV3450"},
		row{lines: 16, screen: "1024x600", names: "GXV3370"},
		row{lines: 16, screen: "1280x800", names: "GXV3380 GXV3480"},
		row{lines: 16, names: "GXV3470"},
		row{lines: 2, screen: "240x320", names: "WP810 WP820 WP822 WP825"},
	)

	// Each port of an adapter is a line.
	grandstreamHTModels = modelsOf(
		row{lines: 2, screen: "none", form: Adapter, names: "HT802 HT802V2 HT502 HT702"},
		row{lines: 1, screen: "none", form: Adapter, names: "HT801 HT801V2 HT503 HT701 HT813"},
	)

	grandstreamGWModels = modelsOf(
		row{lines: 4, screen: "none", form: Adapter, names: "HT814 HT814V2 HT704 GXW4004"},
		row{lines: 2, screen: "none", form: Adapter, names: "HT812 HT812V2"},
		row{lines: 8, screen: "none", form: Adapter, names: "HT818 HT818V2 GXW4008"},
		// The larger ones have more ports than a device may have lines.
		row{lines: 16, screen: "none", form: Adapter, names: "GXW4216 GXW4224 GXW4232 GXW4248"},
	)

	grandstreamDPModels = modelsOf(
		row{lines: 10, screen: "none", form: DECT, names: "DP750 DP752"},
		row{lines: 10, screen: "none", form: DECT, names: "DP755"},
	)
)
