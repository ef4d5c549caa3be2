//go:build !noown

package playbook

import "embed"

// Own has OwnFolder.
//
//go:embed own
var Own embed.FS
