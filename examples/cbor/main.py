# A tracker that sends CBOR: fewer bytes than JSON, and a place with each value.
import pins
from allthingstalk import AssetState, Device, GeoAsset, NumberAsset
from allthingstalk.board import run


class Tracker(Device):
    place = GeoAsset()
    speed = NumberAsset(unit="km/h")


def position():
    return {"latitude": 51.05, "longitude": 3.72}  # ask your GPS here


def program(client, settings):
    tracker = Tracker(client=client, id=settings.device)
    while True:
        place = position()
        tracker.place = place
        tracker.speed = AssetState(12.5, place=place)
        client.wait(10)


run(program, pins, payload="cbor")
