package vendors

// ciscoSPAModels by the short name that $PSN stands for. The SPA502G and the
// SPA512G have one account and no line key.
var ciscoSPAModels = modelsOf(
	row{code: "301", lines: 1, screen: "none", names: "SPA301"},
	row{code: "303", lines: 3, keys: 3, screen: "128x64", names: "SPA303"},
	row{code: "501G", lines: 8, keys: 8, screen: "none", names: "SPA501G"},
	row{code: "502G", lines: 1, screen: "128x64", names: "SPA502G"},
	row{code: "504G", lines: 4, keys: 4, screen: "128x64", names: "SPA504G"},
	row{code: "508G", lines: 8, keys: 8, screen: "128x64", names: "SPA508G"},
	row{code: "509G", lines: 12, keys: 12, screen: "128x64", names: "SPA509G"},
	row{code: "512G", lines: 1, screen: "128x64", names: "SPA512G"},
	row{code: "514G", lines: 4, keys: 4, screen: "128x64", names: "SPA514G"},
	row{code: "525G", lines: 5, keys: 5, screen: "320x240", names: "SPA525G"},
	row{code: "525G2", lines: 5, keys: 5, screen: "320x240", names: "SPA525G2"},
)
