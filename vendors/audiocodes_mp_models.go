package vendors

// audiocodesMPModels: lines and keys are the analogue ports.
var audiocodesMPModels = modelsOf(
	row{lines: 2, keys: 2, screen: "none", form: Adapter, names: "MP-112"},
	row{lines: 4, keys: 4, screen: "none", form: Adapter, names: "MP-114"},
	row{lines: 8, keys: 8, screen: "none", form: Adapter, names: "MP-118"},
	row{lines: 24, keys: 24, screen: "none", form: Adapter, names: "MP-124"},
)
