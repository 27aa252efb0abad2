/** The sign of a place's category. */
import {
  IconBed,
  IconBuildingBank,
  IconBuildingStore,
  IconCashBanknote,
  IconCoffee,
  IconFirstAidKit,
  IconGasStation,
  IconMapPin,
  IconPlane,
  IconShoppingCart,
  IconToolsKitchen2,
  type TablerIcon,
} from '@tabler/icons-react';

const ICONS: Readonly<Record<string, TablerIcon>> = {
  hotel: IconBed,
  supermarket: IconShoppingCart,
  grocery: IconShoppingCart,
  bank: IconBuildingBank,
  atm: IconCashBanknote,
  restaurant: IconToolsKitchen2,
  cafe: IconCoffee,
  coffee: IconCoffee,
  pharmacy: IconFirstAidKit,
  fuel: IconGasStation,
  gas_station: IconGasStation,
  airport: IconPlane,
  shop: IconBuildingStore,
  store: IconBuildingStore,
  mall: IconBuildingStore,
};

export function CategoryIcon({ category, size }: { readonly category: string; readonly size: number }) {
  const Icon = ICONS[category] ?? IconMapPin;
  return <Icon size={size} stroke={1.75} aria-hidden="true" />;
}
