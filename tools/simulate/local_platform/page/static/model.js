// What the page knows: devices, their assets, and the last state of each.

export class Model {
  constructor() {
    this.about = {};
    this.devices = [];
    this.assets = new Map(); // by "device/name"
  }

  // Takes the whole list; an asset that stays as it was is the same object as before.
  setDevices(devices) {
    const assets = new Map();
    this.devices = devices.map(({id, title, assets: rows}) => {
      const own = rows.map((row) => {
        const key = `${id}/${row.name}`;
        const {name, title: assetTitle, is, profile, createdOn} = row;
        let asset = this.assets.get(key);
        // One that was deleted and declared again is another one, with a history of its own.
        if (asset?.createdOn !== createdOn) {
          asset = {key, device: id, createdOn, number: 0, at: null, value: null};
        }
        const form = JSON.stringify([assetTitle, is, profile]);
        Object.assign(asset, {name, title: assetTitle, is, profile, form, deviceTitle: title});
        if (row.number > asset.number) {
          Object.assign(asset, {number: row.number, at: row.at, value: row.state.value});
        }
        assets.set(key, asset);
        return asset;
      });
      return {id, title, assets: own};
    });
    this.assets = assets;
  }

  // Takes [device, name, number, at, value]; returns the asset, null if that is known already.
  setState([device, name, number, at, value]) {
    const asset = this.assets.get(`${device}/${name}`);
    if (!asset || number <= asset.number) return null;
    return Object.assign(asset, {number, at, value});
  }

  clear() {
    this.devices = [];
    this.assets = new Map();
  }
}

export const isNumeric = (profile) => ["number", "integer"].includes(profile.type);

// An object with latitude and longitude is a place, whatever else it has.
export function isPlace({type, properties}) {
  if (type === "location") return true;
  return type === "object" && !!properties && "latitude" in properties && "longitude" in properties;
}
