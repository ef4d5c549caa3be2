//go:build noown

package playbook

import "embed"

// Own has OwnFolder as it is in the repository: the repository's tests must not fail where
// people have playbooks of their own.
//
//go:embed own/README.md
var Own embed.FS
