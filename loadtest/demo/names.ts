/** Made-up names of people, shops and banks. Any likeness with real ones is chance. */
export const SURNAMES = [
  ['林', 'Lin'],
  ['陈', 'Chen'],
  ['周', 'Zhou'],
  ['许', 'Xu'],
  ['沈', 'Shen'],
  ['顾', 'Gu'],
  ['陆', 'Lu'],
  ['梁', 'Liang'],
  ['苏', 'Su'],
  ['叶', 'Ye'],
  ['何', 'He'],
  ['方', 'Fang'],
  ['程', 'Cheng'],
  ['唐', 'Tang'],
  ['秦', 'Qin'],
  ['白', 'Bai'],
] as const;

export const GIVEN_NAMES = [
  ['晓云', 'Xiaoyun'],
  ['子安', "Zi'an"],
  ['雨晴', 'Yuqing'],
  ['明哲', 'Mingzhe'],
  ['若溪', 'Ruoxi'],
  ['浩然', 'Haoran'],
  ['思远', 'Siyuan'],
  ['佳宁', 'Jianing'],
  ['天佑', 'Tianyou'],
  ['月华', 'Yuehua'],
  ['景行', 'Jingxing'],
  ['书瑶', 'Shuyao'],
  ['海川', 'Haichuan'],
  ['青禾', 'Qinghe'],
  ['知夏', 'Zhixia'],
  ['一帆', 'Yifan'],
] as const;

export const WESTERN_NAMES = [
  'Maya Okoro',
  'Jonas Feld',
  'Ines Duarte',
  'Amit Rao',
  'Clara Voss',
  'Tomas Hale',
  'Leila Nasser',
  'Yuki Hara',
] as const;

/** Issuers of cards and accounts. */
export const ISSUERS = [
  'Lotus Bank',
  'Harbour Bank',
  'Crane Bank',
  'Pagoda Credit',
  'Silkway Bank',
  'Nine Rivers Bank',
] as const;
export type Issuer = (typeof ISSUERS)[number];

export const BRANDS: Readonly<Record<string, readonly string[]>> = {
  hotel: ['云栖酒店 Cloud Rest', '江月宾馆 River Moon', '白鹭旅舍 Egret House', '星屿酒店 Star Isle', 'Lantern Inn'],
  supermarket: ['禾家超市 Hejia Market', '绿篮超市 Green Basket', '惠邻超市 Good Neighbour', 'Harbour Fresh'],
  bank: ['Lotus Bank 荷花银行', 'Harbour Bank 海港银行', 'Crane Bank 云鹤银行', 'Nine Rivers 九江汇银行'],
  atm: ['Lotus Bank ATM', 'Crane Bank ATM', 'Silkway ATM', 'Harbour Bank ATM'],
  restaurant: ['春水小馆 Spring Water', '老灶台 Old Stove', '一碗面 One Bowl', '渔火 Fisher Light', 'Saffron Table'],
  cafe: ['半日咖啡 Half Day', '山雾咖啡 Mist Coffee', '纸鹤咖啡 Paper Crane', 'Slow Drip'],
  petrol: ['驰远加油站 Far Road', '蓝焰加油站 Blue Flame', 'Northway Fuel'],
  pharmacy: ['百草堂 Hundred Herbs', '安和药房 Anhe Pharmacy', 'Well & Co'],
  convenience: ['街角便利 Corner 24', '小站便利 Little Stop', 'Quick Lane'],
  cinema: ['光影汇 Light House', 'Galaxy Screen'],
  fashion: ['素衣 Plain Cloth', '裁云 Cloud Cut', 'North & Thread'],
  electronics: ['芯视界 Core View', 'Volt Corner'],
};

export const ONLINE_SHOPS = [
  ['快送外卖 Swift Bowl', '5814'],
  ['云购商城 Cloud Mall', '5311'],
  ['出行派 Go Ride', '4121'],
  ['果园到家 Orchard Home', '5411'],
  ['星游 Star Games', '5816'],
  ['书海 Book Sea', '5942'],
  ['远行 Farway Travel', '4722'],
  ['Pixel Bazaar', '5732'],
] as const;

export const BILLERS = ['海澜水务 Hailan Water', '海澜电力 Hailan Power', '云网通信 Cloudnet Telecom'] as const;
