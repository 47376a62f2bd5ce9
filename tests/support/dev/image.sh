# shellcheck shell=bash
# image: what ships, as an OCI layout in build/image/.

make_image () {
  local folder=$BUILD/image digest
  setup --image
  build_if_needed
  rm -rf "$folder"
  mkdir -p "$folder"
  helm/image/root "$BUILD/bin" "$folder/root"
  digest=$(helm/image/layout "$folder/root" "$folder/layout")
  cp "$folder/root/usr/share/sbom/dependents-pipeline.spdx.json" "$folder/sbom.spdx.json"
  printf '%s  %s MB unpacked, in build/image/layout\n' "$digest" "$(($(du -s --apparent-size -B1 "$folder/root" | cut -f1) / 1000000))"
}
