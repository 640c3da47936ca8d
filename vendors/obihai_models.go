package vendors

// obihaiModels: lines are the services a model has, keys the analogue ports of
// an adapter.
var obihaiModels = modelsOf(
	row{lines: 4, keys: 1, screen: "none", form: Adapter, names: "OBi200 OBi300 OBi312"},
	row{lines: 4, keys: 2, screen: "none", form: Adapter, names: "OBi202 OBi302"},
	row{lines: 8, keys: 4, screen: "none", form: Adapter, names: "OBi504"},
	row{lines: 8, keys: 8, screen: "none", form: Adapter, names: "OBi508"},
	row{lines: 6, names: "OBi1022 OBi1032"},
	row{lines: 6, screen: "480x272", names: "OBi1062"},
)
