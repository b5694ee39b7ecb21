# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# Debian packages of tlbnoise itself, made from the checkout as it is, changes that are not committed included. They lie
# in the cache under a hash of all files, so that several tests in a row build them once.

# package_files: what belongs to the sources, below $top, each ended by a zero byte.
package_files() {
	git -C "$top" ls-files -coz --exclude-standard 2>/dev/null ||
		(cd "$top" && find . -path './build*' -prune -o -type f -printf '%P\0')
}

package_dir() {
	printf '%s/package-%s\n' "$cache" \
		"$(cd "$top" && package_files | sort -z | xargs -0 sha256sum 2>/dev/null | sha256sum | cut -c1-12)"
}

# package_build: makes sure that they are there, and prints their names.
package_build() {
	local dir
	dir=$(package_dir)
	[ -d "$dir" ] || locked package package_make "$dir"
	printf '%s\n' "$dir"/*.deb
}

# package_make FOLDER: packages, the source package and the .changes that names them all. What earlier sources gave is
# removed: nobody goes back to it.
package_make() {
	local dir=$1 version tree log
	[ ! -d "$dir" ] || return 0
	version=$(cd "$top" && dpkg-parsechangelog -S Version)
	tree=$dir.part/tlbnoise-$version
	log=$(log_of package)
	rm -rf "$cache"/package-*/
	mkdir -p "$tree"
	(cd "$top" && package_files | xargs -0 cp -P --parents -t "$tree")
	with_progress "building the packages of tlbnoise $version" "$log" package_compile "$tree"
	rm -rf "$tree"
	mv "$dir.part" "$dir"
}

# package_compile TREE: without the unit tests, which tests/run.sh has done. The host has what conf/packages.list says;
# dpkg would look for it again, down to profiles of a build that nobody asked for.
package_compile() {
	(cd "$1" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -us -uc)
}
