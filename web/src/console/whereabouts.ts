/** Where this device is, or null: it does not know, may not tell, or takes too long. */
export function whereWeAre(patience = 6_000): Promise<GeolocationCoordinates | null> {
  return new Promise((answer) => {
    if (!('geolocation' in navigator)) return answer(null)
    navigator.geolocation.getCurrentPosition(
      (found) => answer(found.coords),
      () => answer(null),
      { timeout: patience, maximumAge: 60_000, enableHighAccuracy: true },
    )
  })
}
